import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { MystError } from '#shared/errors/myst-error.ts'
import { type Authority, createAuthority, exportKey, loadAuthority } from './certificates.ts'
import { cleanStaticKey, encodeStaticKey } from './pem.ts'

const content = z.object({
  version: z.literal(1),
  certificate: z.string().max(8_192),
  privateKey: z.string().max(8_192),
  tlsCrypt: z.string().max(8_192),
  port: z.number().int().min(1).max(65_535),
})

export type ProviderKeys = { authority: Authority; tlsCrypt: string; port: number }

export type KeysFile = {
  /** Made on the first call. Rejects with `ServiceKeysUnreadable` rather than silently making new ones. */
  open(nowMs: number, firstPort: number): Promise<ProviderKeys>
  /** A person forwards this port on a router: it stays the same as long as it is free. */
  setPort(port: number): void
}

/** The provider's durable keys, one file, 0600 in a directory of its own (0700). */
export function createKeysFile(dataDir: string): KeysFile {
  const path = join(dataDir, 'openvpn.json')
  const save = (value: z.output<typeof content>) => {
    const file = openSync(`${path}.new`, 'w', 0o600)
    try {
      writeFileSync(file, JSON.stringify(value))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(`${path}.new`, path)
  }
  const read = () => content.parse(JSON.parse(readFileSync(path, 'utf8')))
  return {
    async open(nowMs, firstPort) {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 })
      if (!existsSync(path)) {
        const authority = await createAuthority(nowMs)
        const tlsCrypt = encodeStaticKey(randomBytes(256))
        const { certificate, keys } = authority
        save({ version: 1, certificate, privateKey: exportKey(keys.privateKey), tlsCrypt, port: firstPort })
        return { authority, tlsCrypt, port: firstPort }
      }
      try {
        const { certificate, privateKey, port, tlsCrypt } = read()
        const key = cleanStaticKey(tlsCrypt)
        if (key === undefined) throw new Error('not a static key')
        return { authority: await loadAuthority(certificate, privateKey), tlsCrypt: key, port }
      } catch (cause) {
        const message = 'The keys of the OpenVPN service cannot be read; restore or delete the file to make new ones.'
        throw new MystError('ServiceKeysUnreadable', message, { details: { file: path }, cause })
      }
    },
    setPort(port) {
      save({ ...read(), port })
    },
  }
}
