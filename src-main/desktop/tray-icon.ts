import type { Glance } from './glance.ts'

/** Colours and shapes: a filled disc when connected, a ring when not, so that colour is not all there is. */
const LOOKS: Record<Glance['kind'], { rgb: readonly [number, number, number]; inner: number }> = {
  off: { rgb: [150, 150, 150], inner: 0.62 },
  busy: { rgb: [230, 170, 40], inner: 0.34 },
  connected: { rgb: [60, 180, 110], inner: 0 },
  attention: { rgb: [220, 80, 60], inner: 0.62 },
}

/** Pixels as Electron's bitmaps want them: BGRA, `size` × `size`, edges softened over one pixel. */
export function drawTrayIcon(kind: Glance['kind'], size: number): Buffer {
  const { rgb, inner } = LOOKS[kind]
  const pixels = Buffer.alloc(size * size * 4)
  const radius = size / 2 - 1
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const distance = Math.hypot(x + 0.5 - size / 2, y + 0.5 - size / 2)
      const outside = clamp(radius - distance + 0.5)
      const hole = inner === 0 ? 1 : clamp(distance - radius * inner + 0.5)
      const alpha = outside * hole
      // Premultiplied, as the platform's compositor expects.
      const [red, green, blue] = rgb
      pixels.set([blue * alpha, green * alpha, red * alpha, 255 * alpha].map(Math.round), (y * size + x) * 4)
    }
  }
  return pixels
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value))
}
