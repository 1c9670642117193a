import { expect, it } from 'vitest'
import { askedHost, hostOf } from './hosts.ts'

it.each([
  ['node.example', 'node.example'],
  ['Node.Example', 'node.example'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['192.0.2.1', '192.0.2.1'],
  ['2001:DB8:0::1', '[2001:db8::1]'],
  ['[2001:DB8:0::1]', '[2001:db8::1]'],
  ...['', 'node.example:80', 'a/b', 'a b', 'me@node.example', '*.example', '[2001:db8::1', 'x#y', 'x?y', 'x\\y'].map(
    (text) => [text, undefined] as const,
  ),
] as const)('takes %j for the host %s', (text, host) => expect(hostOf(text)).toBe(host))

it.each([
  ['node.example', 'node.example'],
  ['NODE.example:8443', 'node.example'],
  ['[2001:db8::1]:8443', '[2001:db8::1]'],
  ...[undefined, '', ':80', 'me@node.example', 'node.example/x', 'node.example:80:80', 'a b', '2001:db8::1'].map(
    (header) => [header, undefined] as const,
  ),
] as const)('reads the header Host: %s as %s', (header, host) => expect(askedHost(header)).toBe(host))
