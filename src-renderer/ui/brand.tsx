import icon from './icon.svg'

export function Brand({ size = 26 }: { size?: number }) {
  return <img src={icon} width={size} height={size} alt="" />
}
