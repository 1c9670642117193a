import { expect, it } from 'vitest'
import { z } from 'zod'
import { firstProblem } from './first-problem.ts'

const schema = z.object({ name: z.string(), to: z.object({ port: z.number().max(9, 'a port is at most 9') }) })
const problem = (input: unknown, whole?: string) => firstProblem(schema.safeParse(input).error as z.ZodError, whole)

it('names the field and what is wrong with it', () => {
  expect(problem({ name: 'a', to: { port: 10 } })).toBe('to.port: a port is at most 9')
  expect(problem({ name: 'a', to: {} })).toBe('to.port is missing')
})

it('says of the whole what is no field’s fault', () => {
  const word = z.string().regex(/^a/, 'a word begins with a').safeParse('b')
  expect(firstProblem(word.error as z.ZodError)).toBe('a word begins with a')
  expect(problem(7, 'The input')).toBe('The input: Invalid input: expected object, received number')
  expect(problem(undefined, 'The input')).toBe('The input is missing')
})
