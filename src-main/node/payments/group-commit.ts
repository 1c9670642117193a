/** The writes of one turn of the event loop in one transaction, because each commit waits for the disk. */
export type GroupCommit = {
  /**
   * Runs `work`, a check and what is written of it, in one transaction with whatever else comes up in this turn,
   * in the order of the calls and each seeing those before it. After the commit `committed` is called with the result,
   * and then the promise settles. When `work` throws, it rejects: nothing of it was written, and the others are
   * not touched. When the common transaction fails, each is done again alone.
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
    try {
      atomically(() => {
        for (const job of jobs) job.run()
      })
    } catch {
      for (const job of jobs) alone(job)
      return
    }
    conclude(jobs)
  }

  function alone(job: Job) {
    try {
      atomically(job.run)
    } catch (error) {
      return job.fail(error)
    }
    conclude([job])
  }

  function conclude(jobs: readonly Job[]) {
    for (const job of jobs) job.committed()
    try {
      changed()
    } finally {
      for (const job of jobs) job.settle()
    }
  }

  return {
    join<T>(work: () => T, committed: (result: T) => void) {
      const { promise, resolve, reject } = Promise.withResolvers<T>()
      let outcome: { result: T } | { error: unknown } = { error: undefined }
      waiting.push({
        run() {
          try {
            outcome = { result: atomically(work) }
          } catch (error) {
            outcome = { error }
          }
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
        // Its own error says more than that of a commit that failed because of it.
        fail: (error) => reject('error' in outcome ? (outcome.error ?? error) : error),
      })
      if (waiting.length === 1) setImmediate(commit)
      return promise
    },
  }
}
