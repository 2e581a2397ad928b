import { canonicalJson, sameJson } from '@esa/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

/** What may stand in an event: JSON, and members that were never given. */
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(fc.integer({ min: 0, max: 3 }), fc.double(), fc.constantFrom('', 'a', 'é"\n'), fc.boolean()),
    fc.constantFrom(null, undefined),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'é"'), tie('any'), { maxKeys: 3 }),
  ),
})).any

/** The definition, as plainly as it can be said. */
function plainly(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(plainly).join(',')}]`
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  const sorted = members.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([key, member]) => `${JSON.stringify(key)}:${plainly(member)}`).join(',')}}`
}

describe('canonical JSON', () => {
  it('has its keys in order, and leaves out what is undefined', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(canonicalJson(one)).toBe(plainly(one))
      }),
      { numRuns: 2_000 },
    )
  })

  it('is the same text for exactly those values that are the same', () => {
    fc.assert(
      fc.property(value, value, (one, other) => {
        expect(sameJson(one, other)).toBe(plainly(one) === plainly(other))
        expect(sameJson(one, structuredClone(one))).toBe(true)
      }),
      { numRuns: 5_000 },
    )
  })
})
