import { expect, it } from 'vitest'
import { counterDeltas, isTraffic } from './statement-sampling.ts'

const counter = (key: string, calls: number, totalMs: number) => ({ key, calls, totalMs })
const before = new Map([counter('a', 10, 100), counter('b', 5, 50)].map((one) => [one.key, one]))

it('gives one call exactly and several as their mean', () => {
  const deltas = counterDeltas(before, [counter('a', 11, 342), counter('b', 9, 90), counter('new', 2, 6)])
  expect(deltas).toEqual([
    { key: 'a', n: 1, ms: 242 },
    { key: 'b', n: 4, ms: 10 },
    { key: 'new', n: 2, ms: 3 },
  ])
})

it('counts from zero after a reset and reports nothing for a statement at rest', () => {
  expect(counterDeltas(before, [counter('a', 3, 9), counter('b', 5, 50)])).toEqual([
    { key: 'a', n: 3, ms: 3 },
  ])
})

it('knows traffic from transaction control and from its own statements', () => {
  expect(isTraffic('/* app */ (SELECT 1)')).toBe(true)
  expect(isTraffic('update a set b = $1')).toBe(true)
  expect(isTraffic("select 'cut in the mid")).toBe(true)
  for (const sql of ['BEGIN', 'set a = 1', 'select /* esa:own */ 1', 'vacuum', ''])
    expect(isTraffic(sql)).toBe(false)
})
