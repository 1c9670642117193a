import { identityId } from '#shared/model/identity.ts'
import { type ConnectionState, isReplaceable } from '#shared/model/session.ts'
import { openNode } from './access.ts'
import { type CommandLine, filterFrom, number, parsed, UsageError } from './arguments.ts'
import { type Output, statusObject, statusSentence } from './output.ts'
import { interrupted, online, unlocked, until } from './waiting.ts'

/** The exit code when nobody could take over from a lost provider, and nothing was let out for it. */
const WAS_BLOCKED = 3

/**
 * Stays in the foreground for as long as the connection lives, through reconnects too; Ctrl-C disconnects.
 * While blocked it stays as well, because its end would let traffic out that somebody wanted protected.
 */
export async function connect(line: CommandLine, output: Output): Promise<number> {
  const target = line.words[1]
  const [provider, serial] = target === undefined ? [] : target.split('/')
  const filter = {
    ...filterFrom(line.options),
    ...(provider === undefined ? {} : { provider: parsed(identityId, provider) }),
    ...(serial === undefined ? {} : { serial: Number(serial) }),
  }
  if (filter.serial !== undefined && !Number.isSafeInteger(filter.serial))
    throw new UsageError('SERIAL needs to be a whole number')
  const socksPort = number(line.options, 'socks-port')
  const signal = interrupted()
  const access = await openNode(line, { stays: true })
  try {
    await unlocked(access, line.options)
    await online(access, { broker: true })
    const started = await access.call('state.get', {})
    const { name } = started.connection
    const instead = line.options.instead === true && isReplaceable(started.connection)
    if (name !== 'disconnected' && name !== 'blocked' && !instead) {
      output.line(statusObject(started.connection), statusSentence(started.connection))
      return 1
    }
    await access.call('connection.connect', { ...filter, instead, ...(socksPort === undefined ? {} : { socksPort }) })

    let shown = ''
    let wasBlocked = false
    const ended = until(
      access,
      ({ connection }) => {
        const key = keyOf(connection)
        // Said last, so it is how things ended unless a connection came after it.
        if (connection.name === 'connected' || connection.name === 'blocked') {
          wasBlocked = connection.name === 'blocked' && !connection.isLockdown
        }
        if (key !== shown) {
          shown = key
          output.line({ ...statusObject(connection), at: new Date().toISOString() }, statusSentence(connection))
        }
        return isOver(connection)
      },
      signal,
    )
    try {
      const { connection } = await ended
      return wasBlocked ? WAS_BLOCKED : failed(connection) ? 1 : 0
    } catch (error) {
      if (!signal.aborted) throw error
      const connection = await access.call('connection.disconnect', {})
      output.line({ ...statusObject(connection), at: new Date().toISOString() }, statusSentence(connection))
      return wasBlocked ? WAS_BLOCKED : 0
    }
  } finally {
    await access.close()
  }
}

/** One line is printed for each. */
function keyOf(connection: ConnectionState): string {
  switch (connection.name) {
    case 'connecting':
      return `connecting/${connection.proposal.provider}/${connection.step}`
    case 'reconnecting':
      return `reconnecting/${connection.attempt}/${connection.proposal.provider}/${connection.step}`
    default:
      return connection.name
  }
}

/** With lockdown on it stays blocked, and nothing would be let out by our end. */
function isOver(connection: ConnectionState): boolean {
  return connection.name === 'disconnected' || (connection.name === 'blocked' && connection.isLockdown === true)
}

function failed(connection: ConnectionState): boolean {
  // What can be asked for again did not come about.
  if (connection.name === 'blocked') return connection.again !== undefined
  return (
    connection.name === 'disconnected' && connection.last !== undefined && connection.last.end !== 'consumer-closed'
  )
}

export async function disconnect(line: CommandLine, output: Output): Promise<number> {
  const access = await openNode(line)
  try {
    const connection = await access.call('connection.disconnect', {})
    output.line(statusObject(connection), statusSentence(connection))
    return 0
  } finally {
    await access.close()
  }
}
