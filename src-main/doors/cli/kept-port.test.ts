import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Handlers } from '#shared/contract/commands.ts'
import type { AppState } from '#shared/contract/state.ts'
import { silentLogger } from '../../node/lib/logger.ts'
import { createStateTree } from '../../node/state-tree.ts'
import { openHttpDoor } from '../http.ts'
import { openAtKeptPort } from './kept-port.ts'

describe('the port of a home’s page', () => {
  let home: string
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'myst-port-'))
  })
  afterEach(() => rmSync(home, { recursive: true }))

  const open = (port: number) =>
    openHttpDoor(
      { handlers: {} as Handlers, state: createStateTree({} as AppState), log: silentLogger },
      { listen: { host: '127.0.0.1', port }, access: 'token' },
    )
  const start = async () => {
    const { door, before } = await openAtKeptPort(home, open)
    await door.stop()
    return { port: Number(new URL(door.address).port), before, token: door.token }
  }

  it('is the same at the next start, and what lets a page in is not', async () => {
    const first = await start()
    const second = await start()
    expect(second).toMatchObject({ port: first.port, before: undefined })
    expect(second.token).not.toBe(first.token)
    expect(readFileSync(join(home, 'page-port'), 'utf8')).toBe(`${first.port}\n`)
  })

  it('is another one, and that is said, when another program has it', async () => {
    const first = await start()
    const other = createServer().listen(first.port, '127.0.0.1')
    await once(other, 'listening')
    const second = await start()
    expect(second.before).toBe(first.port)
    expect(second.port).not.toBe(first.port)
    other.close()
    await once(other, 'close')
    expect(await start()).toMatchObject({ port: second.port, before: undefined })
  })

  it.each(['', 'port', '80', '70000', '-4050', '4050 --x', '1e4'])('takes no %j for one', async (text) => {
    writeFileSync(join(home, 'page-port'), text)
    expect((await start()).before).toBeUndefined()
  })
})
