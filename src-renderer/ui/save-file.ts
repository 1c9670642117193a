/** Hands a text to the browser (or the desktop shell) as a file to save. */
export function saveFile(name: string, text: string, type = 'application/json'): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The download has its own hold on the data once it began; a moment is enough for that.
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
