import { describe, expect, it } from 'vitest'
import { isQuietHours, quietUntil, requireLoudHours } from './quiet-hours.ts'

const at = (time: string): Date => new Date(`2026-03-01T${time}:00`)

describe('quiet hours', () => {
  it.each([
    ['22:00-06:00', '21:59', null],
    ['22:00-06:00', '22:00', '06:00'],
    ['22:00-06:00', '00:00', '06:00'],
    ['22:00-06:00', '05:59', '06:00'],
    ['22:00-06:00', '06:00', null],
    ['09:00-17:30', '08:59', null],
    ['09:00-17:30', '17:29', '17:30'],
    ['09:00-17:30', '17:30', null],
  ])('%s at %s', (quiet, time, until) => expect(quietUntil(quiet, at(time))).toBe(until))

  it.each(['22:00-06:00', '00:00-23:59'])('%s is one', (text) => expect(isQuietHours(text)).toBe(true))
  it.each(['22-6', '22:00', '24:00-06:00', '22:00-22:00', '9:00-10:00'])('%s is none', (text) =>
    expect(isQuietHours(text)).toBe(false),
  )

  it('refuse heavy work and say until when', () => {
    expect(() => requireLoudHours('shop', '22:00-06:00', 'rows are copied', at('23:00'))).toThrow(
      /until 06:00/,
    )
    expect(() => requireLoudHours('shop', '22:00-06:00', 'rows are copied', at('12:00'))).not.toThrow()
    expect(() => requireLoudHours('shop', null, 'rows are copied', at('23:00'))).not.toThrow()
  })
})
