import { Suspense } from 'react'
import { lazyPicture } from './lazy-picture.ts'

const QrImage = lazyPicture(() => import('./qr-image.tsx'))

export function Qr({ text, label, size = 148 }: { text: string; label: string; size?: number }) {
  return (
    <div role="img" aria-label={label} className="qr" style={{ width: size, height: size }}>
      <Suspense>
        <QrImage text={text} />
      </Suspense>
    </div>
  )
}
