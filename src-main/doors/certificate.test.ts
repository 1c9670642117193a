import 'reflect-metadata'
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSelfSigned, type Holder } from '../node/lib/self-signed.ts'
import { readCertificate, selfMadeCertificate } from './certificate.ts'

const DAY_MS = 86_400_000
const now = Date.parse('2026-06-01T12:00:00Z')
let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'myst-certificate-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

describe('the certificate that the node makes', () => {
  const make = (hosts: string[], atMs = now) => selfMadeCertificate(join(dir, 'page.pem'), hosts, atMs)

  it('is a TLS server’s for the hosts it is reached by, on P-256, and its owner’s alone', async () => {
    const made = await make(['node.example', '192.0.2.1', '[2001:db8::1]'])
    const certificate = new X509Certificate(made.certificate)
    expect(certificate.subjectAltName).toBe('DNS:node.example, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1')
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
    expect(certificate.checkPrivateKey(createPrivateKey(made.privateKey))).toBe(true)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect([certificate.ca, certificate.keyUsage]).toEqual([false, ['1.3.6.1.5.5.7.3.1']])
    expect(certificate.validFromDate.getTime()).toBe(now - DAY_MS)
    expect(certificate.validToDate.getTime() - certificate.validFromDate.getTime()).toBe(397 * DAY_MS)
    expect(made).toMatchObject({ fingerprint: certificate.fingerprint256, isSelfMade: true })
    expect(made.fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    expect(statSync(join(dir, 'page.pem')).mode & 0o777).toBe(0o600)
    expect(readdirSync(dir)).toEqual(['page.pem'])
  })

  it('stays the same until its last month, and while it is asked for the same hosts', async () => {
    const first = await make(['node.example', '[2001:db8::1]'])
    const later = await make(['[2001:db8::1]', 'node.example'], now + 365 * DAY_MS)
    expect([later.fingerprint, later.privateKey]).toEqual([first.fingerprint, first.privateKey])
    const last = await make(['node.example', '[2001:db8::1]'], now + 367 * DAY_MS)
    expect(last.fingerprint).not.toBe(first.fingerprint)
    expect(last.privateKey).not.toBe(first.privateKey)
    expect(new X509Certificate(last.certificate).validToDate.getTime()).toBe(now + (367 + 396) * DAY_MS)
    for (const hosts of [['node.example'], ['node.example', '192.0.2.1'], ['node.example', '192.0.2.1', 'x.example']]) {
      const known = readFileSync(join(dir, 'page.pem'), 'utf8')
      expect((await make(hosts, now + 367 * DAY_MS)).hosts).toEqual(hosts)
      expect(readFileSync(join(dir, 'page.pem'), 'utf8')).not.toBe(known)
    }
  })

  it('is not taken from a file that is open to others or damaged, and not replaced in silence', async () => {
    const { fingerprint } = await make(['node.example'])
    const path = join(dir, 'page.pem')
    chmodSync(path, 0o640)
    await expect(make(['node.example'])).rejects.toMatchObject({
      name: 'KeyFileUnsafe',
      message: `Other users of this computer can open ${path}; run: chmod 600 ${path}`,
    })
    chmodSync(path, 0o600)
    expect((await make(['node.example'])).fingerprint).toBe(fingerprint)
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -80))
    await expect(make(['node.example'])).rejects.toMatchObject({
      name: 'CertificateUnusable',
      message: `The certificate in ${path} is damaged; delete the file, and a new one is made.`,
    })
  })
})

describe('an owner’s own certificate', () => {
  const put = (name: string, text: string, mode = 0o600) => {
    writeFileSync(join(dir, name), text, { mode })
    return join(dir, name)
  }
  const owned = (changes: Partial<Holder> = {}) =>
    createSelfSigned({
      subject: 'CN=node.example',
      notBefore: new Date(now - DAY_MS),
      notAfter: new Date(now + DAY_MS),
      server: [
        { type: 'dns', value: '*.node.example' },
        { type: 'dns', value: 'Node.example' },
        { type: 'ip', value: '2001:db8::1' },
      ],
      ...changes,
    })
  const read = (pem: { certificate: string; privateKey: string }, hosts: string[] = []) =>
    readCertificate(
      { certificate: put('own.crt', pem.certificate, 0o644), privateKey: put('own.key', pem.privateKey), hosts },
      now,
    )
  const refused = (message: string) => ({ name: 'CertificateUnusable', message: message.replaceAll('DIR', dir) })

  it('is taken as it is, for the hosts it names, or for those of them that are wanted', async () => {
    const own = await owned()
    const { fingerprint256 } = new X509Certificate(own.certificate)
    const hosts = ['node.example', '[2001:db8::1]']
    expect(await read(own)).toEqual({ ...own, hosts, fingerprint: fingerprint256, isSelfMade: false })
    expect((await read(own, ['a.node.example', '[2001:db8::1]'])).hosts).toEqual(['a.node.example', '[2001:db8::1]'])
    await expect(read(own, ['node.example', 'a.b.node.example'])).rejects.toMatchObject(
      refused(
        'The certificate DIR/own.crt is not for a.b.node.example but for *.node.example, Node.example, 2001:db8::1.',
      ),
    )
    await expect(read(own, ['192.0.2.1'])).rejects.toMatchObject({ name: 'CertificateUnusable' })
    const nameless = refused('The certificate DIR/own.crt does not say which host this is; say it with --name.')
    const wild = await owned({ server: [{ type: 'dns', value: '*.node.example' }] })
    await expect(read(wild)).rejects.toMatchObject(nameless)
    expect((await read(wild, ['a.node.example'])).hosts).toEqual(['a.node.example'])
    const bare = { subject: 'CN=node.example', notBefore: new Date(0), notAfter: new Date(now + DAY_MS) }
    await expect(read(await createSelfSigned(bare))).rejects.toMatchObject(nameless)
  })

  it('has its authorities after it, and a key behind a link', async () => {
    const [own, authority] = [await owned(), await owned({ subject: 'CN=authority' })]
    const chain = `${own.certificate}\n${authority.certificate}`
    symlinkSync(put('newest.key', own.privateKey), join(dir, 'link.key'))
    const files = { certificate: put('chain.crt', chain), privateKey: join(dir, 'link.key'), hosts: [] }
    expect((await readCertificate(files, now)).certificate).toBe(chain)
    await expect(
      read({ certificate: `${authority.certificate}\n${own.certificate}`, privateKey: own.privateKey }),
    ).rejects.toMatchObject(refused('The key DIR/own.key is not the one of the first certificate in DIR/own.crt.'))
  })

  it('is refused when others can read its key', async () => {
    const own = await owned()
    const key = put('open.key', own.privateKey)
    const files = { certificate: put('own.crt', own.certificate), privateKey: key, hosts: [] }
    for (const mode of [0o640, 0o604, 0o660]) {
      chmodSync(key, mode)
      await expect(readCertificate(files, now)).rejects.toMatchObject({
        name: 'KeyFileUnsafe',
        message: `Other users of this computer can open ${key}; run: chmod 600 ${key}`,
      })
    }
    chmodSync(key, 0o600)
    expect((await readCertificate(files, now)).privateKey).toBe(own.privateKey)
  })

  it('is refused in a sentence when it is over, not begun, another key’s, too weak or none', async () => {
    const own = await owned()
    const [past, future] = [{ notAfter: new Date(now) }, { notBefore: new Date(now + 1_000) }]
    await expect(read(await owned(past))).rejects.toMatchObject(
      refused('The certificate DIR/own.crt ended on 2026-06-01; get a new one.'),
    )
    await expect(read(await owned(future))).rejects.toMatchObject(
      refused("The certificate DIR/own.crt begins on 2026-06-01; wait, or set this computer's clock."),
    )
    const { privateKey } = await owned()
    await expect(read({ ...own, privateKey })).rejects.toMatchObject(
      refused('The key DIR/own.key is not the one of the first certificate in DIR/own.crt.'),
    )
    const noKey = refused('DIR/own.key holds no private key in PEM that opens without a passphrase.')
    const locked = createPrivateKey(own.privateKey)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString()
    for (const privateKey of [locked, own.certificate, '']) {
      await expect(read({ ...own, privateKey })).rejects.toMatchObject(noKey)
    }
    for (const certificate of [own.privateKey, own.certificate.slice(0, 200), '']) {
      await expect(read({ ...own, certificate })).rejects.toMatchObject(
        refused('DIR/own.crt holds no certificate in PEM.'),
      )
    }
    await expect(read(await weak())).rejects.toMatchObject(
      refused('The certificate DIR/own.crt is too weak for TLS, or damaged; get another one.'),
    )
    const missing = { certificate: join(dir, 'no.crt'), privateKey: join(dir, 'own.key'), hosts: [] }
    await expect(readCertificate(missing, now)).rejects.toMatchObject(refused('DIR/no.crt cannot be read.'))
    const keyless = { certificate: join(dir, 'own.crt'), privateKey: join(dir, 'no.key'), hosts: [] }
    await expect(readCertificate(keyless, now)).rejects.toMatchObject(refused('DIR/no.key cannot be read.'))
    expect((await read(own)).isSelfMade).toBe(false)
  })

  async function weak() {
    const signingAlgorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    const keys = (await webcrypto.subtle.generateKey(
      { ...signingAlgorithm, modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) },
      true,
      ['sign', 'verify'],
    )) as webcrypto.CryptoKeyPair
    const [notBefore, notAfter] = [new Date(now - DAY_MS), new Date(now + DAY_MS)]
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(
      { name: 'CN=weak', keys, signingAlgorithm, notBefore, notAfter },
      webcrypto,
    )
    const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    return {
      certificate: certificate.toString('pem'),
      privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }
  }
})
