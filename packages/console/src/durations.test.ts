import { describe, expect, it } from 'vitest'
import { clockText } from './durations.ts'

/** In the reader's own zone, as people write it: of the 25th, a Wednesday, by default. */
const local = (time: string, day = 25): number => new Date(`2026-11-${day}T${time}`).getTime()

describe('a time of day', () => {
  it('has no day while that is today', () => {
    expect(clockText(local('00:00:00'), local('23:59:59'))).toBe('00:00')
    expect(clockText(local('23:59:59'), local('00:00:00'))).toBe('23:59')
  })

  it('has its day on the other side of midnight, however near', () => {
    expect(clockText(local('00:15:00', 26), local('23:59:59'))).toMatch(/^Thu,? 26 Nov.* 00:15$/)
    expect(clockText(local('23:59:59'), local('00:00:00', 26))).toMatch(/^Wed,? 25 Nov.* 23:59$/)
  })

  it('keeps its seconds on any day, on request', () => {
    expect(clockText(local('16:05:09'), local('17:00:00'), true)).toBe('16:05:09')
    expect(clockText(local('16:05:09'), local('17:00:00', 26), true)).toMatch(/^Wed,? 25 Nov.* 16:05:09$/)
  })
})
