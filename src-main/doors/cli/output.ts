import type { PromiseView, ProposalView, WalletEntry } from '#shared/contract/answers.ts'
import { toWire } from '#shared/errors/myst-error.ts'
import type { Proposal } from '#shared/model/proposal.ts'
import {
  type Bill,
  type ConnectionState,
  type ConnectStep,
  costInAll,
  howSigned,
  type SessionRecord,
  type SoFar,
} from '#shared/model/session.ts'
import { formatMyst } from '#shared/model/units.ts'

export type Json = string | number | boolean | null | undefined | Json[] | { [key: string]: Json }

export type Output = {
  /** One JSON object per line with `--json`, else the given sentence. */
  line(object: { [key: string]: Json }, sentence: string): void
  /** For a person only: nothing with `--json`. */
  note(sentence: string): void
  /** Rows under headings; with `--json` one object a row. */
  table(rows: { [key: string]: Json }[], empty: string): void
  failed(error: unknown): void
}

export function createOutput(json: boolean): Output {
  const print = (text: string) => process.stdout.write(`${text}\n`)
  return {
    line: (object, sentence) => print(json ? JSON.stringify(object) : sentence),
    note(sentence) {
      if (!json) print(sentence)
    },
    table(rows, empty) {
      if (json) {
        for (const row of rows) print(JSON.stringify(row))
        return
      }
      const first = rows[0]
      if (!first) return print(empty)
      const keys = Object.keys(first)
      const cells = [keys, ...rows.map((row) => keys.map((key) => cell(row[key])))]
      const widths = keys.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
      for (const row of cells)
        print(
          row
            .map((text, column) => text.padEnd(widths[column] ?? 0))
            .join('  ')
            .trimEnd(),
        )
    },
    failed(error) {
      const wire = toWire(error)
      process.stderr.write(json ? `${JSON.stringify({ error: wire })}\n` : `${plain(wire.message)}\n`)
    },
  }
}

function cell(value: Json): string {
  return value === null || value === undefined
    ? '–'
    : plain(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

/** A stranger's text must not move the cursor or colour the terminal. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
}

/** The object `status` prints; also each line of `connect` builds on it. */
export function statusObject(connection: ConnectionState): { [key: string]: Json } {
  const none = { provider: null, service: null, bytesUp: 0, bytesDown: 0, costMyst: '0', leftoverMyst: '0', exit: null }
  switch (connection.name) {
    case 'disconnected':
      return { state: connection.name, ...none, ...(connection.last ? failure(connection.last) : {}) }
    case 'connecting':
    case 'reconnecting':
      return {
        state: connection.name,
        ...none,
        provider: connection.proposal.provider,
        service: connection.proposal.serviceType,
        step: connection.step,
        ...(connection.name === 'reconnecting'
          ? { message: connection.lost, attempt: connection.attempt, blocked: connection.isBlocked }
          : {}),
      }
    case 'blocked':
      return {
        state: connection.name,
        ...none,
        message: connection.why,
        lockdown: connection.isLockdown === true,
        paidMyst: formatMyst(connection.paid),
        ...bill(connection.bill),
        since: new Date(connection.sinceMs).toISOString(),
      }
    case 'connected': {
      const { live, proposal } = connection
      return {
        state: connection.name,
        provider: proposal.provider,
        service: proposal.serviceType,
        bytesUp: Number(live.bytesUp),
        bytesDown: Number(live.bytesDown),
        costMyst: formatMyst(live.cost),
        leftoverMyst: formatMyst(live.leftover),
        exit: live.exit?.address ?? null,
        exitIsProviders: live.exit?.isProviders ?? null,
        sessionId: live.sessionId,
        promisedMyst: formatMyst(live.promised),
        meteredBytesUp: Number(live.metered.bytesUp),
        meteredBytesDown: Number(live.metered.bytesDown),
        socksPort: live.socksPort ?? null,
        usedMyst: formatMyst(costInAll(connection)),
        ...replaced(connection.before?.lost),
        steps: connection.steps.map(({ step, durationMs }) => ({ step, durationMs })),
      }
    }
    case 'disconnecting':
      return {
        state: connection.name,
        ...none,
        provider: connection.proposal.provider,
        service: connection.proposal.serviceType,
      }
  }
}

function failure(last: NonNullable<Extract<ConnectionState, { name: 'disconnected' }>['last']>): {
  [key: string]: Json
} {
  return {
    step: last.step ?? null,
    end: last.end ?? null,
    reason: last.reason ?? null,
    message: last.message,
    paidMyst: formatMyst(last.paid),
    ...bill(last.bill),
  }
}

/** Whom the present provider took over from, unasked. */
function replaced(lost: SoFar['lost']): { [key: string]: Json } {
  if (!lost) return {}
  const { provider, originLocation, pricePerUnit, unit } = lost.proposal
  return {
    lostProvider: provider,
    lostOrigin: originLocation.country,
    lostPriceMyst: formatMyst(pricePerUnit),
    lostUnit: unit,
    lostAt: new Date(lost.atMs).toISOString(),
  }
}

/** What was used, and what stays paid ahead. */
function bill(known: Bill | undefined): { [key: string]: Json } {
  return known ? { usedMyst: formatMyst(known.used), aheadMyst: formatMyst(known.ahead) } : {}
}

const STEPS: Record<ConnectStep, string> = {
  'reach-provider': 'reaching the provider',
  'agree-payment': 'agreeing on payment',
  'open-session': 'opening the session',
  'start-tunnel': 'starting the tunnel',
  'verify-traffic': 'verifying the traffic',
}

export function statusSentence(connection: ConnectionState): string {
  const short = (id: string) => `${id.slice(0, 10)}…`
  switch (connection.name) {
    case 'disconnected':
      return connection.last ? `Disconnected. ${plain(connection.last.message)}` : 'Disconnected.'
    case 'connecting':
      return `Connecting to ${short(connection.proposal.provider)}: ${STEPS[connection.step]}.`
    case 'connected': {
      const { live, proposal } = connection
      const through = live.socksPort ? `, SOCKS5 at 127.0.0.1:${live.socksPort}` : ''
      const other = live.exit?.isProviders === false ? ", not the provider's own" : ''
      const exit = live.exit ? `, exit ${plain(live.exit.address)}${other}` : ''
      const lost = connection.before?.lost
      const price = ({ pricePerUnit, unit }: Proposal) => `${formatMyst(pricePerUnit)} MYST per ${unit}`
      const instead = lost
        ? ` instead of ${short(lost.proposal.provider)} in ${plain(lost.proposal.originLocation.country)}, which was lost: now ${plain(proposal.originLocation.country)}, ${price(proposal)} instead of ${price(lost.proposal)}`
        : ''
      return `Connected to ${short(proposal.provider)} (${proposal.serviceType}${through}${exit})${instead}; cost ${formatMyst(costInAll(connection))} MYST, ${formatMyst(live.leftover)} MYST paid ahead.`
    }
    case 'reconnecting':
      return `${plain(connection.lost)} Reconnecting to ${short(connection.proposal.provider)} (attempt ${connection.attempt}): ${STEPS[connection.step]}.`
    case 'blocked':
      return connection.isLockdown
        ? `Blocked: ${plain(connection.why)} "myst settings set lockdown off" restores the internet.`
        : `Blocked: nothing leaves this machine. ${plain(connection.why)} Ctrl-C or "myst disconnect" restores the internet.`
    case 'disconnecting':
      return 'Disconnecting…'
  }
}

export function proposalRow(proposal: ProposalView): { [key: string]: Json } {
  return {
    provider: proposal.provider,
    serial: proposal.serial,
    service: proposal.serviceType,
    country: proposal.serviceLocation.country,
    origin: proposal.originLocation.country,
    bandwidthMbps: proposal.bandwidthMbps,
    unit: proposal.unit,
    priceMyst: formatMyst(proposal.pricePerUnit),
    block: proposal.blockNumber,
    preferred: proposal.preferred,
  }
}

export function sessionRow(session: SessionRecord): { [key: string]: Json } {
  return {
    sessionId: session.sessionId,
    role: session.role,
    peer: session.peer,
    service: session.serviceType,
    country: session.country ?? null,
    program: session.program ?? null,
    startedAt: new Date(session.startedAtMs).toISOString(),
    endedAt: session.endedAtMs === undefined ? null : new Date(session.endedAtMs).toISOString(),
    end: session.end ?? null,
    signed: howSigned(session),
    costMyst: formatMyst(session.metering.cost),
    bytesUp: Number(session.metering.bytesUp),
    bytesDown: Number(session.metering.bytesDown),
    durationMs: session.metering.durationMs,
  }
}

export function promiseRow(promise: PromiseView): { [key: string]: Json } {
  return {
    direction: promise.direction,
    peer: promise.peer,
    serial: promise.serial.toString(),
    amountMyst: formatMyst(promise.amount),
    state: promise.state,
    updatedAt: new Date(promise.updatedAtMs).toISOString(),
  }
}

export function historyRow(entry: WalletEntry): { [key: string]: Json } {
  return {
    block: entry.blockNumber,
    at: entry.atMs === undefined ? null : new Date(entry.atMs).toISOString(),
    kind: entry.kind,
    // What calls a withdrawal off moves nothing, whatever the contract is told.
    amountMyst: entry.kind === 'withdrawal-called-off' ? null : formatMyst(entry.amount),
    feeMyst: entry.fee === undefined ? null : formatMyst(entry.fee),
    counterparty: entry.counterparty ?? null,
    serial: entry.serial?.toString() ?? null,
    transaction: entry.transaction,
  }
}
