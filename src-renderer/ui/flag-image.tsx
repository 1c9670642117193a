/** Addresses only: a flag is fetched when it is shown. */
const urls = import.meta.glob<string>('../../node_modules/country-flag-icons/3x2/[A-Z][A-Z].svg', {
  eager: true,
  query: '?url',
  import: 'default',
})

export default function FlagImage({ country }: { country: string }) {
  const url = urls[`../../node_modules/country-flag-icons/3x2/${country}.svg`]
  return url ? <img src={url} alt="" /> : null
}
