import { describe, expect, it } from 'vitest'
import { PROPOSALS } from '../../gallery/fixtures.ts'
import { inPlace } from './steady.ts'

const [a, b, c, d, e] = PROPOSALS
if (!a || !b || !c || !d || !e) throw new Error('the fixtures hold five offers')

describe('a list that is looked at', () => {
  it('keeps its rows where they are, with what became of them', () => {
    const preferred = { ...c, preferred: !c.preferred }
    expect(inPlace([a, b, c], [preferred, a, b])).toEqual([a, b, preferred])
  })

  it('takes in what is new where the node puts it, and lets go what is gone', () => {
    expect(inPlace([a, b, c], [d, c, e, a])).toEqual([d, a, c, e])
    expect(inPlace([], [a, b])).toEqual([a, b])
    expect(inPlace([a, b], [a, b, c, d])).toEqual([a, b, c, d])
    expect(inPlace([a], [])).toEqual([])
  })
})
