import type { z } from 'zod'

/** What is wrong with an input first and where, without a full stop. `whole` names it where it is no field's fault. */
export function firstProblem({ issues: [issue] }: z.ZodError, whole = ''): string {
  const where = issue?.path.join('.') || whole
  if (issue?.code === 'invalid_type' && issue.message.endsWith('received undefined')) return `${where} is missing`
  const what = issue?.message ?? 'not valid'
  return where === '' ? what : `${where}: ${what}`
}
