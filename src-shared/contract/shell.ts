import { z } from 'zod'

/** What the desktop app adds to the node; a browser or a command line has none of it. */
export type ShellState = {
  startWithComputer: boolean
  /** Missing where no feed of updates is configured. */
  update?: UpdateState
}

export type UpdateState =
  /** Nothing newer is known of. */
  | { name: 'none' }
  | { name: 'checking' }
  | { name: 'available'; version: string }
  | { name: 'downloading'; version: string; percent: number }
  /** Downloaded, its checksum as announced; installed only when that is said. */
  | { name: 'ready'; version: string }
  | { name: 'failed'; message: string }

export const shellSettings = z.object({ startWithComputer: z.boolean() })
/** Each is a step a person takes; one that is not due does nothing. */
export const updateStep = z.object({ step: z.enum(['check', 'download', 'install']) })
