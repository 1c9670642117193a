// Read by the browser before it paints anything, so that a chosen theme does not come after the other one. The rest of
// the page keeps the choice (store/theme.ts).
try {
  const theme = JSON.parse(localStorage.getItem('myst.theme'))
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Nothing is kept, or nothing that can be read: as the system has it.
}
