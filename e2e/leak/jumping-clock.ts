/** Preloaded into a node (`--import`): at SIGUSR2 its clock on the wall jumps ahead by three hours. */
const now = Date.now
let ahead = 0
Date.now = () => now() + ahead
process.on('SIGUSR2', () => {
  ahead += 3 * 3_600_000
})
