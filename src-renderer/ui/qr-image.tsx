import { create } from 'qrcode'
import { useMemo } from 'react'

export default function QrImage({ text }: { text: string }) {
  const { path, size } = useMemo(() => {
    const { modules } = create(text, { errorCorrectionLevel: 'M' })
    let drawn = ''
    for (let y = 0; y < modules.size; y += 1) {
      for (let x = 0; x < modules.size; x += 1) {
        if (modules.get(y, x)) drawn += `M${x} ${y}h1v1h-1z`
      }
    }
    return { path: drawn, size: modules.size }
  }, [text])
  return (
    <svg viewBox={`0 0 ${size} ${size}`} aria-hidden shapeRendering="crispEdges">
      <path d={path} fill="#000" />
    </svg>
  )
}
