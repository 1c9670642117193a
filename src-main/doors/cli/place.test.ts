import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseCommandLine, UsageError } from './arguments.ts'
import { placeOf } from './place.ts'

const home = mkdtempSync(join(tmpdir(), 'myst-place-'))
const place = (...options: string[]) => placeOf(parseCommandLine(['app', '--home', home, ...options]))
afterAll(() => rmSync(home, { recursive: true }))
const files = ['--tls-cert', 'own.crt', '--tls-key', 'own.key']

describe('where myst app has its page', () => {
  it('is loopback without TLS unless something else is asked for', () => {
    const loopback = { listen: { host: '127.0.0.1', port: 0 } }
    expect(place()).toEqual(loopback)
    expect(place('--port', '4000')).toEqual({ listen: { host: '127.0.0.1', port: 4000 } })
    expect(place('--listen', '127.0.0.1:0')).toEqual(loopback)
    expect(place('--listen', '[0::1]:4000')).toEqual({ listen: { host: '::1', port: 4000 } })
    expect(place('--path', 'page.sock')).toEqual({ listen: { path: 'page.sock' } })
  })

  it.each([
    [['--listen', '192.0.2.1:8443'], '192.0.2.1', ['192.0.2.1']],
    [['--listen', '127.0.0.2:8443'], '127.0.0.2', ['127.0.0.2']],
    [['--listen', '[2001:DB8:0::1]:8443'], '2001:db8::1', ['[2001:db8::1]']],
    [['--listen', '0.0.0.0:8443', '--name', 'Node.Example'], '0.0.0.0', ['node.example']],
    [['--listen', '[::]:8443', '--name', 'a.example', '--name', '192.0.2.1'], '::', ['a.example', '192.0.2.1']],
  ])('beyond loopback has TLS: %j', async (options, host, hosts) => {
    const { listen, tls } = place(...options)
    expect(listen).toEqual({ host, port: 8443 })
    expect(await tls?.()).toMatchObject({ isSelfMade: true, hosts })
    expect(readdirSync(home)).toEqual(['page-certificate.pem'])
    rmSync(join(home, 'page-certificate.pem'))
  })

  it('has the owner’s certificate wherever one is given', async () => {
    for (const options of [
      ['--listen', '0.0.0.0:8443'],
      ['--listen', '127.0.0.1:8443'],
      ['--port', '8443'],
    ]) {
      const { tls } = place(...options, ...files)
      await expect(tls?.()).rejects.toMatchObject({ message: 'own.crt cannot be read.' })
    }
  })

  const address = /--listen needs an IP address of this computer and a port: 192\.0\.2\.1:8443 or \[2001:db8::1\]:8443/
  it.each([
    [['--listen', '192.0.2.1'], address],
    [['--listen', 'node.example:8443'], address],
    [['--listen', 'localhost:8443'], address],
    [['--listen', '2001:db8::1:8443'], address],
    [['--listen', '[192.0.2.1]:8443'], address],
    [['--listen', '192.0.2.1:65536'], address],
    [['--listen', '192.0.2.1:8443/x'], address],
    [['--listen', ''], address],
    [['--listen', '0.0.0.0:8443'], /needs --name: the name or address by which this computer is reached/],
    [['--listen', '[0::0]:8443'], /needs --name/],
    [['--listen', '0.0.0.0:8443', '--name', '0.0.0.0'], /needs --name/],
    [
      ['--listen', '192.0.2.1:8443', '--name', '*.example'],
      /--name needs the name or address of a host, not \*\.example/,
    ],
    [['--listen', '192.0.2.1:8443', '--name', 'a.example:80'], /--name needs/],
    [['--listen', '192.0.2.1:8443', '--port', '8443'], /exclude one another/],
    [['--port', '8443', '--path', 'page.sock'], /exclude one another/],
    [['--listen', '192.0.2.1:8443', '--tls-cert', 'own.crt'], /--tls-cert and --tls-key go together/],
    [['--listen', '192.0.2.1:8443', '--tls-key', 'own.key'], /--tls-cert and --tls-key go together/],
    [['--name', 'a.example'], /need --listen with an address that others reach/],
    [['--path', 'page.sock', ...files], /need --listen with an address that others reach/],
  ])('is refused for %j', (options, sentence) => {
    expect(() => place(...options)).toThrow(UsageError)
    expect(() => place(...options)).toThrow(sentence)
  })
})
