import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MystError } from '#shared/errors/myst-error.ts'
import { keepApi } from '../api/keep-api.ts'
import { reachRunningNode } from '../client.ts'
import { type HttpDoor, openHttpDoor } from '../http.ts'
import type { Listen } from '../listen.ts'
import { loggerFor, openNode } from './access.ts'
import { type CommandLine, number, UsageError } from './arguments.ts'
import { openAtKeptPort } from './kept-port.ts'
import type { Output } from './output.ts'
import { placeOf } from './place.ts'
import { interruptedSentence } from './status.ts'
import { aborted, interrupted, unlocked } from './waiting.ts'

/** A page that a person left open in a browser. */
const LOCK_AFTER_MINUTES = 15
const PAGE_DIR = fileURLToPath(new URL('../../../out/renderer', import.meta.url))

/** The app in the browser, on this home. */
export async function app(line: CommandLine, output: Output): Promise<number> {
  if (line.words[1] === 'address') return newAddress(line, output)
  if (line.words[1] !== undefined) throw new UsageError('app | app address')
  const place = placeOf(line)
  // An owner's certificate that is no good is told before anything starts.
  if (line.options['tls-cert'] !== undefined) await place.tls?.()
  const signal = interrupted()
  let page: HttpDoor | undefined
  const access = await openNode(line, {
    stays: true,
    isStart: true,
    handlers: {
      async 'page.newAddress'() {
        if (!page) throw new MystError('NoPage', 'The page is just being opened; try again in a moment.')
        return page.newAddress()
      },
    },
  })
  try {
    const node = access.own
    if (!node)
      throw new MystError(
        'HomeInUse',
        `A node already runs on ${line.home}; "myst app address" prints a new address of its page. Or end it, or choose another --home.`,
      )
    const open = (listen: Listen) =>
      openHttpDoor(
        { handlers: node.handlers, state: node.state, log: loggerFor(line) },
        { ...place, listen, access: 'token', lockAfterMs: lockAfter(line), pageDir: PAGE_DIR },
      )
    const { listen } = place
    const isChosen = [line.options.port, line.options.listen, line.options.path].some((place) => place !== undefined)
    const { door, before = undefined } =
      'port' in listen && !isChosen
        ? await openAtKeptPort(line.home, (port) => open({ ...listen, port }))
        : { door: await open(listen) }
    page = door
    const api = keepApi({ programs: node.programs, state: node.state, log: loggerFor(line) })
    try {
      const { address, token, fingerprint } = door
      const moved =
        before === undefined
          ? ''
          : `Port ${before}, where the page was the last time, is taken; a page that is still open there does not find the node.\n`
      output.line(
        {
          event: 'app',
          address,
          token,
          ...(before !== undefined && { portBefore: before }),
          ...(fingerprint !== undefined && { fingerprint }),
        },
        `Open the app here (the address works once):\n  ${address}/#token=${token}\n${toCompare(fingerprint)}${moved}Ctrl-C ends it.`,
      )
      const stopped = interruptedSentence(node.state.get())
      if (stopped !== undefined) output.line({ event: 'sharing-interrupted', message: stopped }, stopped)
      // Whoever gives the passphrase here does not have to type it into the page, which opens meanwhile.
      const given = line.options['passphrase-file'] !== undefined || process.env.MYST_PASSPHRASE
      if (given && node.state.get().identity.all.length > 0) {
        const { identity } = await unlocked(access, line.options)
        output.line({ event: 'unlocked', identity: identity.active ?? null }, `Unlocked ${identity.active}.`)
      }
      await aborted(signal)
      return 0
    } finally {
      await api.stop()
      await door.stop()
    }
  } finally {
    await access.close()
  }
}

/** Lets another browser in to the page of the node that runs; asked through the socket that only its user can open. */
async function newAddress(line: CommandLine, output: Output): Promise<number> {
  const node = await reachRunningNode(join(line.home, 'node.sock'))
  if (!node) {
    throw new MystError(
      'NoNode',
      `No node runs on ${line.home}; "myst app" starts one and prints the address of its page.`,
    )
  }
  const { address, token, expiresAtMs, fingerprint } = await node.call('page.newAddress', {})
  const minutes = Math.round((expiresAtMs - Date.now()) / 60_000)
  output.line(
    {
      event: 'address',
      address,
      token,
      expiresAt: new Date(expiresAtMs).toISOString(),
      ...(fingerprint !== undefined && { fingerprint }),
    },
    `Open this address in the other browser. It works once, within ${minutes} minutes:\n  ${address}/#token=${token}\n${toCompare(fingerprint)}One that was printed before and not used works no more.`,
  )
  return 0
}

function toCompare(fingerprint: string | undefined): string {
  return fingerprint === undefined
    ? ''
    : `The browser will say that it does not know the certificate. Go on only where it has this SHA-256 fingerprint:\n  ${fingerprint}\n`
}

/** Milliseconds; none: never. */
function lockAfter({ options }: CommandLine): number | undefined {
  const minutes = number(options, 'lock-after') ?? LOCK_AFTER_MINUTES
  return minutes > 0 ? minutes * 60_000 : undefined
}
