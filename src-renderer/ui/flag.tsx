/** Addresses only: a flag is fetched when it is shown. */
const urls = import.meta.glob<string>('../../node_modules/country-flag-icons/3x2/[A-Z][A-Z].svg', {
  eager: true,
  query: '?url',
  import: 'default',
})

/** The country's name always stands beside it, so the flag itself is silent. */
export function Flag({ country }: { country: string }) {
  const url = urls[`../../node_modules/country-flag-icons/3x2/${country}.svg`]
  return (
    <span className="flag" aria-hidden>
      {url && <img src={url} alt="" />}
    </span>
  )
}
