/**
 * The one error of the house. `name` is a stable identifier that code may branch on, `message` one
 * sentence that a person can act on, `details` plain data for diagnosis. It crosses every door whole
 * (see `toWire`/`fromWire`). Secrets must never be put in; what looks like one is cut out on the way.
 */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>

export type WireError = { name: string; message: string; details: ErrorDetails }

export class MystError extends Error {
  readonly details: ErrorDetails
  constructor(name: string, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = name
    this.details = options.details ?? {}
  }
}

/** Any thrown value as data for a door. Unknown errors keep their message but never their stack. */
export function toWire(error: unknown): WireError {
  if (error instanceof MystError) {
    return { name: error.name, message: redact(error.message), details: redactDetails(error.details) }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { name: 'InternalError', message: redact(message), details: {} }
}

export function fromWire(wire: WireError): MystError {
  return new MystError(wire.name, wire.message, { details: wire.details })
}

const SECRETS: readonly RegExp[] = [
  /(?<=:\/\/)[^/\s@]+@/g, // credentials in an address
  /\b(?:0x)?[0-9a-fA-F]{64}\b/g, // 32 bytes of hex: a key or something as long as one
  /\bmyst_[\w-]{43}/g, // a program's key
  /-----BEGIN [^-]*PRIVATE KEY-----[\s\S]*?-----END [^-]*PRIVATE KEY-----/g,
]

/** Cuts what looks like a secret. Hashes of 32 bytes go with it: better a hash lost than a key shown. */
export function redact(text: string): string {
  return SECRETS.reduce((rest, secret) => rest.replace(secret, '[redacted]'), text)
}

function redactDetails(details: ErrorDetails): ErrorDetails {
  return Object.fromEntries(
    Object.entries(details).map(([key, value]) => [key, typeof value === 'string' ? redact(value) : value]),
  )
}
