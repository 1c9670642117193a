/**
 * Cuts a byte stream into lines. A line longer than `maxBytes` is not ours: `onTooLong` is called once
 * and everything after it is thrown away.
 */
export function createLineReader(
  maxBytes: number,
  onLine: (line: string) => void,
  onTooLong: () => void,
): (chunk: Buffer) => void {
  let parts: Buffer[] = []
  let waiting = 0
  let broken = false
  return (chunk) => {
    let rest = chunk
    while (!broken) {
      const end = rest.indexOf(0x0a)
      const part = end < 0 ? rest : rest.subarray(0, end)
      waiting += part.length
      if (waiting > maxBytes) {
        broken = true
        parts = []
        return onTooLong()
      }
      parts.push(part)
      if (end < 0) return
      const line = Buffer.concat(parts).toString('utf8')
      parts = []
      waiting = 0
      rest = rest.subarray(end + 1)
      onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    }
  }
}

/** A line with texts of strangers in it, for a log that may be looked at in a terminal. */
export function printable(line: string): string {
  return line.replaceAll(/[^\x20-\x7e]/g, '?')
}
