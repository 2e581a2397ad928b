import { afterEach, expect, it, vi } from 'vitest'
import { learnServerPast, learnServerTime, serverNow } from './clock.ts'

const AT = Date.parse('2026-01-01T00:00:00Z')
const iso = (ms: number): string => new Date(AT + ms).toISOString()
const now = (): number => Math.round(serverNow() - AT)

afterEach(() => vi.useRealTimers())

it('is the server’s: moved on by what happened, set back by an answer alone', () => {
  vi.useFakeTimers()
  learnServerTime(iso(60_000))
  expect(now()).toBe(60_000)
  learnServerPast(iso(45_000))
  expect(now()).toBe(60_000)
  learnServerPast(iso(61_000))
  expect(now()).toBe(61_000)
  learnServerTime(iso(60_500))
  expect(now()).toBe(61_000)
  learnServerTime(iso(1_000))
  expect(now()).toBe(1_000)
  vi.advanceTimersByTime(5_000)
  expect(now()).toBe(6_000)
})
