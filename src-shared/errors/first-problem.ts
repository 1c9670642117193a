import type { z } from 'zod'

/**
 * What is wrong with an input first and where, without a full stop. `whole` names it where it is no field's fault; `name`
 * says a field in the reader's words.
 */
export function firstProblem(
  { issues: [issue] }: z.ZodError,
  whole = '',
  name = (path: readonly PropertyKey[]) => path.join('.'),
): string {
  const where = name(issue?.path ?? []) || whole
  if (issue?.code === 'invalid_type' && issue.message.endsWith('received undefined')) return `${where} is missing`
  const what = issue?.message ?? 'not valid'
  return where === '' ? what : `${where}: ${what}`
}
