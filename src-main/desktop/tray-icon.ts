import type { Glance } from './glance.ts'

export const TRAY_ICONS: Glance['kind'][] = ['off', 'busy', 'proxy', 'connected', 'attention']

/**
 * Colour, and the shape that says the same where there is none (macOS paints its menu bar's icons itself):
 * a ring while off, a thick one while something goes on, a ring around a dot with a proxy, a disc when connected, a disc
 * with "!" for attention.
 */
const LOOKS: Record<
  Glance['kind'],
  { rgb: readonly [number, number, number]; inner: number; mark?: true; dot?: number }
> = {
  off: { rgb: [150, 150, 150], inner: 0.62 },
  busy: { rgb: [230, 170, 40], inner: 0.34 },
  proxy: { rgb: [120, 100, 230], inner: 0.62, dot: 0.36 },
  connected: { rgb: [60, 180, 110], inner: 0 },
  attention: { rgb: [220, 80, 60], inner: 0, mark: true },
}
const BLACK = [0, 0, 0] as const

/**
 * Pixels as Electron's bitmaps want them: BGRA, `size` × `size`, edges softened over one pixel, colours
 * premultiplied. A `template` is black with the shape in its alpha, as macOS wants it.
 */
export function drawTrayIcon(kind: Glance['kind'], size: number, template = false): Buffer {
  const { rgb, inner, mark, dot = 0 } = LOOKS[kind]
  const pixels = Buffer.alloc(size * size * 4)
  const radius = size / 2 - 1
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [dx, dy] = [x + 0.5 - size / 2, y + 0.5 - size / 2]
      const distance = Math.hypot(dx, dy)
      const outside = clamp(radius - distance + 0.5)
      const ring = inner === 0 ? 1 : clamp(distance - radius * inner + 0.5)
      const hole = Math.max(ring, dot === 0 ? 0 : clamp(radius * dot - distance + 0.5))
      const alpha = outside * hole * (mark ? 1 - exclamation(dx / radius, dy / radius, radius) : 1)
      const [red, green, blue] = template ? BLACK : rgb
      pixels.set([blue * alpha, green * alpha, red * alpha, 255 * alpha].map(Math.round), (y * size + x) * 4)
    }
  }
  return pixels
}

/** How much of "!" covers a point; in parts of the radius, from the middle. */
function exclamation(x: number, y: number, radius: number): number {
  const stroke = clamp((0.15 - Math.abs(x)) * radius + 0.5) * clamp((0.35 - Math.abs(y + 0.25)) * radius + 0.5)
  const dot = clamp((0.15 - Math.abs(x)) * radius + 0.5) * clamp((0.15 - Math.abs(y - 0.5)) * radius + 0.5)
  return Math.max(stroke, dot)
}

/** What Windows takes for its notification area from 100 to 300 per cent, so that nothing is scaled. */
export const ICO_SIZES = [16, 20, 24, 32, 40, 48]

/** All sizes of one icon in Windows' own format: a directory, then a bitmap of 32 bits for each size. */
export function trayIco(kind: Glance['kind']): Buffer {
  const images = ICO_SIZES.map((size) => ({ size, data: icoBitmap(drawTrayIcon(kind, size), size) }))
  const directory = Buffer.alloc(6 + 16 * images.length)
  directory.writeUInt16LE(1, 2)
  directory.writeUInt16LE(images.length, 4)
  let offset = directory.length
  for (const [index, { size, data }] of images.entries()) {
    const at = 6 + 16 * index
    directory.writeUInt8(size, at)
    directory.writeUInt8(size, at + 1)
    directory.writeUInt16LE(1, at + 4)
    directory.writeUInt16LE(32, at + 6)
    directory.writeUInt32LE(data.length, at + 8)
    directory.writeUInt32LE(offset, at + 12)
    offset += data.length
  }
  return Buffer.concat([directory, ...images.map(({ data }) => data)])
}

/** Rows from the bottom up, colours not premultiplied, and an empty mask behind them (twice the height says so). */
function icoBitmap(premultiplied: Buffer, size: number): Buffer {
  const header = Buffer.alloc(40)
  header.writeUInt32LE(40, 0)
  header.writeInt32LE(size, 4)
  header.writeInt32LE(size * 2, 8)
  header.writeUInt16LE(1, 12)
  header.writeUInt16LE(32, 14)
  const rows = Array.from({ length: size }, (_, row) =>
    premultiplied.subarray((size - 1 - row) * size * 4, (size - row) * size * 4),
  )
  const pixels = Buffer.concat(rows)
  for (let at = 0; at < pixels.length; at += 4) {
    const alpha = pixels[at + 3] ?? 0
    for (let colour = at; alpha > 0 && colour < at + 3; colour++)
      pixels[colour] = Math.min(255, Math.round(((pixels[colour] ?? 0) * 255) / alpha))
  }
  const maskRow = Math.ceil(size / 32) * 4
  return Buffer.concat([header, pixels, Buffer.alloc(maskRow * size)])
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value))
}
