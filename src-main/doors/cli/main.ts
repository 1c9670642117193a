import { app } from './app.ts'
import { type CommandLine, parseCommandLine, UsageError } from './arguments.ts'
import { clear, clearing, risk } from './clearing.ts'
import { connect, disconnect } from './connect.ts'
import { diagnostics } from './diagnostics.ts'
import { demo, localnet } from './foreground.ts'
import { identity } from './identity.ts'
import { promises, proposals } from './market.ts'
import type { Output } from './output.ts'
import { createOutput } from './output.ts'
import { program } from './program.ts'
import { provide } from './provide.ts'
import { resetNetwork } from './reset-network.ts'
import { sessions } from './sessions.ts'
import { settings } from './settings.ts'
import { status } from './status.ts'
import { wallet } from './wallet.ts'

const USAGE = `myst [--home DIR] [--network FILE|NAME] [--json] COMMAND

  localnet up [--host ADDR] [--out FILE] [--block-time S]
  localnet member [--deposit AMOUNT] [--out FILE]   a new identity, registered, with a deposit and a proved backup
  identity new [--passphrase-file F] | list | show [ID] | import FILE | export [ID] --out FILE | prove FILE |
           passphrase [ID] --new-passphrase-file F | register [ID]
  wallet show | faucet AMOUNT (local network only) | deposit AMOUNT [--without-backup] | withdraw AMOUNT --to 0x… |
         quote register | quote deposit AMOUNT | quote withdraw AMOUNT | quote clear [--peer ID] |
         quote announce [SERVICES] (what offering 1 or 2 services takes) |
         history [--limit N] [--before BLOCK]
  proposals [--type T] [--country CC] [--origin CC] [--unit GiB|hour] [--max-price P] [--min-bandwidth MBPS]
            [--sort price|experience] [--limit N]
  provide --service openvpn[,socks] --price P --unit GiB|hour [--country CC] [--bandwidth MBPS] [--max-sessions N]
          [--hours 08:00-23:00] [--monthly GIB] [--total-bandwidth MBPS] [--connections N] [--allow-mail]
          [--keep-promises-private] [--without-backup] [--instead]   instead: in the place of what this node shares already
  connect [PROVIDER[/SERIAL]] [the filters of proposals] [--socks-port N] [--instead]   instead: of the session that runs
  status | disconnect | promises
  sessions [--limit N] | sessions export --out FILE   every session, with its record and both sides' signatures
  sessions verify FILE   whether the records of such a file are what both signed; asks nobody
  clear [--peer ID] [--accept-less]   what others promised becomes balance; at a loss when they do not hold enough
  clearing [--at-once on|off] [--threshold AMOUNT] [--max-age HOURS]   when that happens without being asked
  risk                who owes something, and what they hold
  settings            what is set | settings set allow-local-network|lockdown on|off | settings set resolver default|IP |
                      settings set connect-on-start off|last|best | settings set share-on-start|programs-api on|off
  program add NAME --budget AMOUNT [--country CC] [--max-price P] [--unit GiB|hour] [--socks-port N] | list |
          change PROGRAM [--name NAME] [the options of add; "any" takes a wish back] | remove PROGRAM |
          key PROGRAM [--drop] | connect PROGRAM | disconnect PROGRAM
                      a connection of its own for a program, within its budget, at a SOCKS port that stays; with a key it
                      connects by itself (docs/api.md)
  diagnostics [--out FILE]   what somebody who helps needs to know, without addresses, identities and amounts; sent by nobody
  reset-network       opens the internet again when something of ours blocks it; needs no node, asks for a password
  app [--port N | --listen ADDRESS:PORT [--name HOST]… [--tls-cert FILE --tls-key FILE]] [--lock-after MINUTES]
                      the app in the browser, on this home; a page at which nobody does anything for 15 minutes asks for
                      the passphrase again (0: never). --listen: also for other computers, over TLS, at each HOST
                      Without --port it is the port of the last time, where that is free; --port 0: a new one
  app address         lets another browser in to the app that runs: an address that works once, for ten minutes
  demo                a local network with providers, and the app on it

The passphrase is read from --passphrase-file or MYST_PASSPHRASE. --identity ID chooses among several.
Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
`

const COMMANDS: Record<string, (line: CommandLine, output: Output) => Promise<number>> = {
  localnet,
  identity,
  wallet,
  proposals,
  provide,
  connect,
  status,
  disconnect,
  sessions,
  promises,
  clear,
  clearing,
  risk,
  settings,
  program,
  diagnostics,
  'reset-network': resetNetwork,
  app,
  demo,
}

async function main(argv: string[]): Promise<number> {
  let output = createOutput(argv.includes('--json'))
  try {
    const line = parseCommandLine(argv)
    output = createOutput(line.options.json ?? false)
    const name = line.words[0]
    if (line.options.help || name === 'help') {
      process.stdout.write(USAGE)
      return 0
    }
    const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
    if (!command) throw new UsageError(name === undefined ? 'which command?' : `there is no command "${name}"`)
    return await command(line, output)
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\nRun "myst --help" for all commands.\n`)
      return 2
    }
    output.failed(error)
    return 1
  }
}

// The node's timers never keep a process alive; the command that runs does.
setInterval(() => undefined, 2 ** 30)
process.exit(await main(process.argv.slice(2)))
