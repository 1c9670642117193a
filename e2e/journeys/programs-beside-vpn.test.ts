import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { openVpnAvailability } from '../../src-main/node/network/openvpn-availability.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import type { LineProcess } from '../lab/line-process.ts'
import { createTrade, INTERNET, type Trade } from '../lab/trade.ts'

/* A program beside the person's VPN: another way out than the rest of the computer, and none where the rest has none. */

const VPN = { host: 'provider', home: 'vpn', exit: '203.0.113.10' } as const
const NL = { host: 'provider2', home: 'nl', exit: '203.0.113.130' } as const
const OWN = '198.51.100.10'
const SOON = { timeout: 60_000 }

describe.skipIf(whyNoHosts() !== undefined || !openVpnAvailability().available)(
  'a program beside a VPN [needs root openvpn]',
  () => {
    let lab: Lab
    let trade: Trade
    let person: LineProcess
    const port = 14_101

    const myst = (...words: string[]) => lab.mystDone('consumer', 'me', words)
    const stateOf = async () => (await myst('program', 'list'))[0]?.state
    const exit = async (socksPort?: number) => {
      const task = { url: `${INTERNET}/ip`, timeoutMs: 5_000, ...(socksPort === undefined ? {} : { socksPort }) }
      return lab.transfer('consumer', task).then(
        ({ text }) => text,
        () => 'none',
      )
    }

    beforeAll(async () => {
      lab = await createLab()
      trade = createTrade(lab)
      await lab.startNetwork()
      for (const [{ host, home }, service, country] of [
        [VPN, 'openvpn', 'DE'],
        [NL, 'socks', 'NL'],
      ] as const) {
        await lab.prepareIdentity(host, home, 0)
        await trade.share({ host, home }, { services: [service], price: '0.1', country })
      }
      await lab.prepareIdentity('consumer', 'me', 50)
      const node = lab.myst('consumer', 'me', ['app'])
      await node.until('its page', (line) => line.event === 'app')
      await myst('program', 'add', 'Backup', '--budget', '5', '--country', 'NL')
    })
    afterAll(() => lab?.dispose())

    it('has its own way out, and finds it again through the VPN when one is connected', async () => {
      await myst('program', 'connect', 'Backup')
      expect([await exit(port), await exit()]).toEqual([NL.exit, OWN])
      person = (await trade.connect('me', '--type', 'openvpn')).running
      await expect.poll(() => exit(port), SOON).toBe(NL.exit)
      expect(await exit()).toBe(VPN.exit)
      // Nothing of it went beside the VPN.
      const direct = await lab.hosts.run('consumer', 'ss', ['-Htn', 'state', 'established', 'dst', '203.0.113.130'])
      expect(direct).not.toContain(`${OWN}:`)
    })

    it('comes and goes without the VPN noticing', async () => {
      await myst('program', 'disconnect', 'Backup')
      expect([await exit(port), await exit()]).toEqual(['none', VPN.exit])
      await myst('program', 'connect', 'Backup')
      expect([await exit(port), await exit()]).toEqual([NL.exit, VPN.exit])
    })

    it('has no way out where lockdown leaves none, and says so', async () => {
      await myst('settings', 'set', 'lockdown', 'on')
      await person.stop()
      expect([await exit(port), await exit()]).toEqual(['none', 'none'])
      await expect.poll(stateOf, { timeout: 120_000 }).toBe('disconnected')
      await expect(myst('program', 'connect', 'Backup')).rejects.toThrow('Restore the internet first')
      await myst('settings', 'set', 'lockdown', 'off')
      expect(await myst('program', 'connect', 'Backup')).toMatchObject([{ state: 'connected', exit: NL.exit }])
      expect([await exit(port), await exit()]).toEqual([NL.exit, OWN])
      await expect(myst('settings', 'set', 'lockdown', 'on')).rejects.toThrow('Disconnect your programs first')
    })
  },
)
