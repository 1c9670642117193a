/** The writes of one turn of the event loop in one transaction, because each commit waits for the disk. */
export type GroupCommit = {
  /**
   * Runs `work`, a check and what is written of it, in one transaction with whatever else comes up in this turn,
   * in the order of the calls and each seeing those before it. After the commit `committed` is called with the result,
   * and then the promise settles. When one throws, or the commit fails, nothing of any is written, and each is done
   * again in a transaction of its own: then only what fails alone rejects.
   */
  join<T>(work: () => T, committed: (result: T) => void): Promise<T>
}

type Job = { run(): void; committed(): void; settle(): void; fail(error: unknown): void }

/** `changed`: called once after each commit, before anybody is answered. */
export function createGroupCommit(atomically: <T>(work: () => T) => T, changed: () => void): GroupCommit {
  let waiting: Job[] = []

  function commit() {
    const jobs = waiting
    waiting = []
    if (attempt(jobs) === undefined) return
    for (const job of jobs) {
      const failure = attempt([job])
      if (failure) job.fail(failure.error)
    }
  }

  /** Why nothing of these was written; undefined: they are on the disk, and answered. */
  function attempt(jobs: readonly Job[]): { error: unknown } | undefined {
    try {
      atomically(() => {
        for (const job of jobs) job.run()
      })
    } catch (error) {
      return { error }
    }
    for (const job of jobs) job.committed()
    try {
      changed()
    } finally {
      for (const job of jobs) job.settle()
    }
    return undefined
  }

  return {
    join<T>(work: () => T, committed: (result: T) => void) {
      const { promise, resolve, reject } = Promise.withResolvers<T>()
      let outcome: { result: T } | { error: unknown }
      waiting.push({
        run() {
          outcome = { result: work() }
        },
        committed() {
          try {
            if ('result' in outcome) committed(outcome.result)
          } catch (error) {
            outcome = { error }
          }
        },
        settle() {
          if ('result' in outcome) resolve(outcome.result)
          else reject(outcome.error)
        },
        fail: reject,
      })
      if (waiting.length === 1) setImmediate(commit)
      return promise
    },
  }
}
