import { useEffect } from 'react'
import type { CommandInput } from '#shared/contract/commands.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useQuery } from '../../store/use-query.ts'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import { canConnect, type Target, usable, whyNot } from './target.ts'
import { useMeans } from './use-means.ts'

/** An offer that a link leads to: it is asked about like one of the list, or it is said why that cannot be. */
export function LinkedOffer({
  link,
  onFound,
  onDismiss,
}: {
  link: CommandInput<'proposals.query'>
  onFound(target: Target): void
  onDismiss(): void
}) {
  const connection = useNode((state) => state.connection.name)
  const means = useMeans()
  const revision = useNode((state) => state.proposals.revision)
  const { data, error } = useQuery('proposals.query', link, revision)
  const offer = data?.[0]
  const can = canConnect(connection) && offer !== undefined && usable(offer, means)
  useEffect(() => {
    if (can) onFound({ kind: 'one', first: offer, candidates: [offer] })
  }, [can, offer, onFound])

  if (can || !(data || error)) return null
  const why = !offer
    ? m.link.missing
    : offer.own
      ? m.link.own
      : canConnect(connection)
        ? (whyNot(offer, means) ?? m.link.busy)
        : m.link.busy
  return (
    <Notice live action={<Button onClick={onDismiss}>{m.link.dismiss}</Button>}>
      {why}
    </Notice>
  )
}
