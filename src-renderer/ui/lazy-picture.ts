import { type ComponentType, lazy } from 'react'

/**
 * A picture whose code comes when it is first shown. When it cannot be had, because the node ended just
 * then, its place stays empty: no picture is worth the page.
 */
export function lazyPicture<Props>(load: () => Promise<{ default: ComponentType<Props> }>) {
  return lazy(() => load().catch(() => ({ default: Nothing as ComponentType<Props> })))
}

function Nothing(): null {
  return null
}
