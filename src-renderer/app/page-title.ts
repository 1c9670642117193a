import { useEffect } from 'react'
import { m } from '../messages/index.ts'
import { useConnection } from '../store/use-connection.ts'
import { connectionTitle } from '../ui/connection-state.ts'

/** The state first, so that a narrow tab still shows it. It changes with the state and not with what is within one. */
export function PageTitle() {
  const title = `${connectionTitle(useConnection())} – ${m.app.name}`
  useEffect(() => {
    document.title = title
  }, [title])
  // Of a page that is locked or signed out nothing is told.
  useEffect(
    () => () => {
      document.title = m.app.name
    },
    [],
  )
  return null
}
