import { readFileSync, statSync } from 'node:fs'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { exportSessions } from '#shared/model/session-export.ts'
import { contradiction, type ExportedSession, readExport } from '#shared/model/session-import.ts'
import type { RecordContent, SignedRecord } from '#shared/model/signed-record.ts'
import { formatMyst } from '#shared/model/units.ts'
import { isRecordSignedBy } from '../../node/lib/session-record.ts'
import { openNode } from './access.ts'
import { type CommandLine, number, readNetwork, UsageError } from './arguments.ts'
import { writeNew } from './keystore-files.ts'
import { type Json, type Output, sessionRow } from './output.ts'

/** The most that `sessions.list` gives at once. */
const ALL = 1_000
/** A thousand sessions take 4 MB. */
const MAX_EXPORT = 16 * 2 ** 20

const USAGE = 'sessions [--limit N] | export --out FILE [--limit N] | verify FILE'

export async function sessions(line: CommandLine, output: Output): Promise<number> {
  const [, verb, file] = line.words
  if (verb === 'verify') {
    if (file === undefined) throw new UsageError(USAGE)
    const { network } = line.options
    return verify(readFile(file), network === undefined ? undefined : readNetwork(network), output)
  }
  const { out } = line.options
  if (verb !== undefined && (verb !== 'export' || out === undefined)) throw new UsageError(USAGE)
  const limit = number(line.options, 'limit') ?? (verb === 'export' ? ALL : undefined)
  const access = await openNode(line)
  try {
    const all = await access.call('sessions.list', limit === undefined ? {} : { limit })
    if (out === undefined) output.table(all.map(sessionRow), 'No session yet.')
    else {
      writeNew(out, exportSessions(all, Date.now()))
      output.line({ sessions: all.length, file: out }, `${all.length} sessions are in ${out}.`)
    }
    return 0
  } finally {
    await access.close()
  }
}

/**
 * A line for each record of an exported file: whom it names, who of them signed it, and whether that is so. Asks nobody.
 * With `network` a record of another network is refused too.
 */
export function verify(text: string, network: NetworkFile | undefined, output: Output): number {
  let all: ExportedSession[]
  try {
    all = readExport(text)
  } catch (error) {
    throw new MystError(
      'ExportUnreadable',
      `This is no export of sessions, or was altered: ${(error as Error).message}.`,
    )
  }
  const rows = all.flatMap((session) => {
    const { byBoth, alone } = session.signed ?? {}
    const beside = contradiction(session)
    return [byBoth, alone].flatMap((record) =>
      record ? [recordRow(record, problemOf(record, record === byBoth, network) ?? besideProblem(beside))] : [],
    )
  })
  output.table(rows, 'No session of this file is signed.')
  const wrong = rows.filter(({ problem }) => problem !== null).length
  if (wrong === 0 && rows.length > 0) return 0
  throw rows.length === 0
    ? new MystError('NothingSigned', 'There is nothing to verify.')
    : new MystError('RecordsAltered', `${wrong} of ${rows.length} records are not what was signed.`)
}

const besideProblem = (name: string | undefined) =>
  name === undefined ? undefined : `the session says another ${name} than its record`

function problemOf(record: SignedRecord, asBoth: boolean, network: NetworkFile | undefined): string | undefined {
  const { content, providerSignature, consumerSignature } = record
  if (network && !isOf(content, network)) return 'it is of another network'
  if (asBoth && !(providerSignature && consumerSignature)) return 'it is not signed by both'
  if (!providerSignature && !consumerSignature) return 'nobody signed it'
  for (const party of ['provider', 'consumer'] as const) {
    const signature = record[`${party}Signature`]
    if (signature && !isRecordSignedBy(content, signature, content[party])) return `the ${party} did not sign this`
  }
  return undefined
}

function isOf({ chainId, paymentAccounts }: RecordContent, network: NetworkFile): boolean {
  return chainId === network.chainId && paymentAccounts === network.contracts.paymentAccounts.toLowerCase()
}

function recordRow({ content, ...signatures }: SignedRecord, problem: string | undefined): { [key: string]: Json } {
  return {
    genuine: problem === undefined,
    problem: problem ?? null,
    sessionId: content.sessionId,
    provider: content.provider,
    signedByProvider: signatures.providerSignature !== undefined,
    consumer: content.consumer,
    signedByConsumer: signatures.consumerSignature !== undefined,
    startedAt: new Date(content.startedAtMs).toISOString(),
    endedAt: new Date(content.endedAtMs).toISOString(),
    end: content.end,
    service: content.serviceType,
    bytesUp: Number(content.bytesUp),
    bytesDown: Number(content.bytesDown),
    priceMyst: `${formatMyst(content.pricePerUnit)} per ${content.unit}`,
    costMyst: formatMyst(content.cost),
    promise: `${content.promiseSerial}: ${formatMyst(content.promiseAmount)}`,
    chain: content.chainId,
  }
}

function readFile(file: string): string {
  try {
    if (statSync(file).size <= MAX_EXPORT) return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new MystError('FileUnreadable', `The file ${file} cannot be read.`, { cause })
  }
  throw new MystError('ExportUnreadable', `The file ${file} is too large to be an export of sessions.`)
}
