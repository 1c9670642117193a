/** What a program printed, for the log: OpenVPN's own log is in the helper's, and in that texts of strangers. */
export function printable(text: string): string {
  return text
    .trimEnd()
    .replaceAll(/[^\x20-\x7e\n]/g, '?')
    .slice(0, 4_000)
}
