/**
 * A line of the log as strangers may read it. Nothing is searched for and cut out, because nobody knows every form of a
 * secret: what stays are words, small numbers, times, the system's own paths and places in the source. Addresses, names of
 * hosts, paths, keys, tokens and identities have another shape and become `[…]`. `names`: words that tell who or where
 * somebody is (a user, a host).
 */
export function anonymous(line: string, names: readonly string[] = []): string {
  const told = new Set(names.map((name) => name.toLowerCase()))
  return line
    .split(/\s+/)
    .map((text) => shown(text, told))
    .join(' ')
    .replaceAll(/\[…\](?: \[…\])+/g, '[…]')
}

/** Two colons are no punctuation: they end an IPv6 prefix. */
const QUOTED = /^([([{<"'`-]*)(.*?)(:?[)\]}>"'`.,;!?]*)$/s
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
/** No more than nine digits: an IPv4 address may be written as ten. */
const NUMBER = /^\+?\d{1,9}(?:\.\d{1,4})?(?:%|[A-Za-z]{1,4})?$/
const SYSTEM = /^\/(?:dev\/net\/tun|usr\/s?bin\/[a-z]{1,12})$/
const SOURCE = /(?:^|\/)([a-z-]+)(\.[jt]sx?:\d{1,5}:\d{1,5})$/

const LONGEST = 300

function shown(text: string, names: ReadonlySet<string>): string {
  if (text.length > LONGEST) return '[…]'
  const [, before = '', core = '', after = ''] = QUOTED.exec(text) ?? []
  if (core === '' || TIME.test(core) || NUMBER.test(core) || SYSTEM.test(core) || isWord(core, names)) return text
  const [, file = '', place = ''] = SOURCE.exec(core) ?? []
  return `${before}${isWord(file, names) ? `${file}${place}` : '[…]'}${after}`
}

const WORD = /^[A-Za-z]+\d{0,2}(?:[-'’_][A-Za-z]+\d{0,2})*$/
const LONGEST_WORD = 24
/** Words have few capitals in them (`OpenVPN`, `wrongPassphrase`), chance has many. */
const MOST_HUMPS = 4

function isWord(text: string, names: ReadonlySet<string>): boolean {
  if (text.length > LONGEST_WORD || !WORD.test(text) || /[0-9a-f]{16}/i.test(text) || /[A-Z]{16}/.test(text))
    return false
  if ((text.match(/[A-Z]+[a-z]*|[a-z]+/g) ?? []).length > MOST_HUMPS) return false
  const lower = text.toLowerCase()
  return !names.has(lower) && !lower.split(/[-'’_]/).some((part) => names.has(part))
}
