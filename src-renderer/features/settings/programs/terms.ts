import type { CommandInput } from '#shared/contract/commands.ts'
import type { ProgramView } from '#shared/contract/programs.ts'
import { plainText } from '#shared/model/plain-text.ts'
import type { MeteringUnit } from '#shared/model/proposal.ts'
import { formatMyst } from '#shared/model/units.ts'
import { m } from '../../../messages/index.ts'
import { numberProblem, readAmount, typeNumber } from '../../../messages/typed.ts'

/** The form as it was typed; empty: no wish. */
export type TermsForm = {
  name: string
  budget: string
  country: string
  maxPrice: string
  unit: MeteringUnit
  /** Of a program that is there already. */
  port?: string
}

export type TermsErrors = { [field in 'name' | 'budget' | 'maxPrice' | 'port']?: string }

export type CheckedTerms = { ok: true; input: CommandInput<'programs.add'> } | { ok: false; errors: TermsErrors }

export const MOST_NAME = 40

export const NEW_PROGRAM: TermsForm = { name: '', budget: '', country: '', maxPrice: '', unit: 'GiB' }

export function formOf({ name, budget, country, maxPricePerUnit, unit, socksPort }: ProgramView): TermsForm {
  return {
    ...{ name, budget: typeNumber(formatMyst(budget)), country: country ?? '', unit: unit ?? 'GiB' },
    maxPrice: maxPricePerUnit === undefined ? '' : typeNumber(formatMyst(maxPricePerUnit)),
    port: String(socksPort),
  }
}

/** Every field's fault at once, in words. A price has a unit; without a price any unit will do. */
export function checkTerms(form: TermsForm): CheckedTerms {
  const name = form.name.trim()
  const budget = readAmount(form.budget)
  const maxPrice = form.maxPrice === '' ? null : readAmount(form.maxPrice)
  const socksPort = form.port === undefined ? undefined : readPort(form.port)
  const isName = name !== '' && plainText(name, MOST_NAME) === name
  const errors: TermsErrors = {
    ...(!isName && { name: m.programs.nameBad }),
    ...(!budget && { budget: numberProblem(form.budget, m.programs.budgetBad) }),
    ...(maxPrice === undefined && { maxPrice: numberProblem(form.maxPrice, m.programs.maxPriceBad) }),
    ...(form.port !== undefined && socksPort === undefined && { port: m.programs.portBad }),
  }
  if (Object.keys(errors).length > 0 || !budget || maxPrice === undefined) return { ok: false, errors }
  return {
    ok: true,
    input: {
      ...{ name, budget, country: form.country === '' ? null : form.country },
      ...{ maxPricePerUnit: maxPrice, unit: maxPrice === null ? null : form.unit },
      ...(socksPort !== undefined && { socksPort }),
    },
  }
}

/** Those below are the system's own. */
export function readPort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1024 && port <= 65_535 ? port : undefined
}
