import { FileKey } from 'lucide-react'
import { useId, useRef, useState } from 'react'
import { m } from '../messages/index.ts'
import { Button } from './button.tsx'

/** As much as the contract takes; a keystore file is a tenth of it. */
const MAX_BYTES = 16_384

/** Reads one small text file that the person chooses. The file never goes anywhere but to `onText`. */
export function FileField({ label, onText }: { label: string; onText(text: string | undefined): void }) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [name, setName] = useState<string>()
  const [tooLarge, setTooLarge] = useState(false)

  const choose = async (file: File | undefined) => {
    setName(file?.name)
    setTooLarge(file !== undefined && file.size > MAX_BYTES)
    onText(file && file.size <= MAX_BYTES ? await file.text() : undefined)
  }

  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        ref={input}
        type="file"
        className="visually-hidden"
        tabIndex={-1}
        onChange={(event) => void choose(event.target.files?.[0])}
      />
      <div className="file-field">
        <Button icon={<FileKey size={16} aria-hidden />} onClick={() => input.current?.click()}>
          {m.setup.chooseFile}
        </Button>
        <span className="truncate muted" title={name}>
          {name ?? m.setup.noFile}
        </span>
      </div>
      {tooLarge && <span className="field-error">{m.setup.fileTooLarge}</span>}
    </div>
  )
}
