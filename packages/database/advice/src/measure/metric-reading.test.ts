import { expect, it } from 'vitest'
import { type MetricThreshold, meets, toReading } from './metric-reading.ts'
import { weightedPercentile } from './percentile.ts'
import { responseTime } from './response-time.ts'

const p95: MetricThreshold = {
  key: 'query-response-time',
  comparator: '<',
  value: 100,
  unit: 'ms',
  percentile: 95,
}

it.each([
  ['<', 100, false],
  ['<=', 100, true],
  ['>', 100, false],
  ['>=', 100, true],
  ['=', 100, true],
  ['=', 99, false],
] as const)('holds 100 %s to its word at %d', (comparator, value, ok) => {
  expect(meets({ ...p95, comparator }, value)).toBe(ok)
})

it('judges the value as measured, not as rounded', () => {
  const reading = toReading(p95, { value: 99.99999, samples: 1, window: 1, method: '' })
  expect(reading).toMatchObject({ value: 100, ok: true })
})

it('gives durations in the unit of the card', () => {
  const second = { ...p95, value: 1, unit: 's' }
  expect(toReading(second, { value: 1_250, samples: 1, window: 1, method: '' })).toMatchObject({
    value: 1.25,
    ok: false,
  })
})

it('has no verdict where nothing was measured', () => {
  const reading = toReading(p95, { value: null, why: 'nothing ran', method: 'none' })
  expect(reading).toMatchObject({ value: null, ok: null, samples: 0, why: 'nothing ran' })
})

it('takes the percentile by nearest rank', () => {
  const samples = Array.from({ length: 20 }, (_, i) => ({ ms: i + 1, weight: 0.1 }))
  expect(weightedPercentile(samples, 95)).toBe(19)
  expect(weightedPercentile(samples, 50)).toBe(10)
  expect(weightedPercentile(samples, 100)).toBe(20)
  expect(weightedPercentile([], 95)).toBeUndefined()
})

it('counts a rare slow statement by its weight and names what fills the tail', () => {
  const fast = Array.from({ length: 10 }, () => ({ id: 'fast', ms: 1, weight: 9 }))
  const slow = Array.from({ length: 10 }, (_, i) => ({ id: 'slow', ms: 500 + i, weight: 1 }))
  const about = { percentile: 95, count: 20, window: 1, method: '' }
  const found = responseTime([...fast, ...slow], about)
  expect(found).toMatchObject({
    value: 504,
    statements: [
      { id: 'slow', tailShare: 1 },
      { id: 'fast', tailShare: 0 },
    ],
  })
  expect(responseTime([...fast, { id: 'slow', ms: 500, weight: 1 }], about).value).toBe(1)
})
