import { useEffect, useState } from 'react'

/** The wall clock in milliseconds, moving at each full second while somebody looks: so two clocks agree. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    let timer: number
    const next = () => {
      timer = window.setTimeout(
        () => {
          setNow(Date.now())
          next()
        },
        1000 - (Date.now() % 1000),
      )
    }
    next()
    return () => window.clearTimeout(timer)
  }, [])
  return now
}
