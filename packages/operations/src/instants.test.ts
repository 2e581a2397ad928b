import { describe, expect, it } from 'vitest'
import { instantOf } from './instants.ts'

const NOW = Date.parse('2026-11-26T00:00:00Z')

describe('an instant', () => {
  it.each([
    ['2026-11-30T10:00:00Z', '2026-11-30T10:00:00.000Z'],
    ['2026-11-30T10:00Z', '2026-11-30T10:00:00.000Z'],
    ['2026-11-30T10:00:00.5+02:00', '2026-11-30T08:00:00.500Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['2h', '2026-11-26T02:00:00.000Z'],
  ])('%s is %s', (text, iso) => expect(new Date(instantOf('until', text, NOW)).toISOString()).toBe(iso))

  it.each([
    '2027-02-30T00:00:00Z',
    '2027-02-29T00:00:00Z',
    '2026-11-30T10:00',
    '2026-11-30',
    '3000',
    '+020000-01-01T00:00:00Z',
    'tomorrow',
    '',
  ])('%s is none', (text) =>
    expect(() => instantOf('until', text, NOW)).toThrow(
      expect.objectContaining({ code: 'usage.until', kind: 'terminal' }),
    ),
  )
})
