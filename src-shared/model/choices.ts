/** What settings can be, apart from the contract's schemas, so that the page needs none of those. */
export const CONNECT_ON_START = ['off', 'last', 'best'] as const

export const LANGUAGES = ['auto', 'en', 'de'] as const

/** "default", or an IP address that is reached through the tunnel. */
export function isResolver(text: string): boolean {
  return text === 'default' || (isIp(text) && isPublic(text))
}

/** As `URL` reads a host: it would write "1.2" or "0x7f.1" as another address than the one that was typed. */
function isIp(text: string): boolean {
  if (text.includes(':')) return /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]`)
  return /^\d+(\.\d+){3}$/.test(text) && URL.parse(`http://${text}`)?.hostname === text
}

/** Of a valid address. Documentation addresses count, because test networks are made of them. */
function isPublic(address: string): boolean {
  // Everything that is given to hosts begins with 2 or 3 (2000::/3); 6to4 hides an IPv4 address.
  if (address.includes(':')) return /^[23][0-9a-f]{3}:/i.test(address) && !address.startsWith('2002:')
  const [a = 0, b = 0] = address.split('.').map(Number)
  const isLocal = a === 10 || a === 127 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168)
  const isShared = (a === 100 && b >= 64 && b <= 127) || (a === 169 && b === 254)
  return a !== 0 && a < 224 && !isLocal && !isShared
}
