import { m } from '../../messages/index.ts'
import { useQuery } from '../../store/use-query.ts'
import { FailedQuery } from '../../ui/failed-query.tsx'

/** What the network file says, for comparing; it cannot be changed here. */
export function Network() {
  const query = useQuery('network.file', {}, 0)
  const file = query.data
  const listed = (all: readonly string[]) => (all.length === 0 ? m.settings.none : all.join('\n'))
  const facts: [string, string][] = file
    ? [
        [m.settings.networkName, file.name],
        [m.settings.chainId, String(file.chainId)],
        [m.settings.rpc, listed(file.rpc)],
        [m.settings.brokers, listed(file.brokers)],
        [m.settings.probes, listed(file.probes)],
        [m.settings.resolverOfNetwork, file.resolver ?? m.settings.none],
      ]
    : []
  const contracts = Object.entries(file?.contracts ?? {}) as [keyof typeof m.settings.contractNames, string][]
  return (
    <section className="section">
      <h2>{m.settings.network}</h2>
      <FailedQuery text={m.settings.networkFailed} query={query} />
      <div className="card card-pad settings-network">
        <p className="muted">{file === null ? m.settings.networkNone : m.settings.networkText}</p>
        {file && (
          <dl className="facts">
            {facts.map(([label, value]) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ))}
            {contracts.map(([name, address]) => (
              <div key={name}>
                <dt>{m.settings.contractNames[name]}</dt>
                <dd className="mono">{address}</dd>
              </div>
            ))}
          </dl>
        )}
      </div>
    </section>
  )
}
