import { describe, expect, it } from 'vitest'
import { looksLikeWait, parenthesesOf, readWait, suggestWait } from './waits.ts'

const MIN = 60_000

describe('readWait', () => {
  it.each([
    ['30 min', 30 * MIN],
    ['30 min wait', 30 * MIN],
    ['30-minute', 30 * MIN],
    ['30-minute wait', 30 * MIN],
    ['wait 30 min', 30 * MIN],
    ['1 hour', 60 * MIN],
    ['1 hour wait', 60 * MIN],
    ['1 hr', 60 * MIN],
    ['1h', 60 * MIN],
    ['90 min', 90 * MIN],
    ['14 days', 14 * 24 * 60 * MIN],
    ['Immediate', 0],
    ['no wait', 0],
    ['30\n min', 30 * MIN],
  ])('%j is %d ms', (text, ms) => {
    expect(readWait(text)).toBe(ms)
  })

  it.each([
    '1 fortnight',
    'soon',
    '30 mni wait',
    '0 min',
    '-5 min',
    '2 years',
    '30-60 min',
    'wait',
    '',
    'immediately',
  ])('%j is unreadable', (text) => {
    expect(readWait(text)).toBeUndefined()
  })
})

describe('looksLikeWait', () => {
  it.each([
    '1 fortnight',
    'soon',
    '0 min',
    '-5 min',
    '3 years',
    'wait a bit',
    'within 30 min',
    'half an hour',
    'HTTP 500',
    'ASAP',
  ])('takes (%s) at the end of a line for a wait', (text) => {
    expect(looksLikeWait(text, true)).toBe(true)
  })

  it.each(['see the runbook', 'API Structure', 'i18n', 'E2E', 'Layer #5', 'B-tree, GiST', 'p95'])(
    'takes (%s) at the end of a line for prose',
    (text) => {
      expect(looksLikeWait(text, true)).toBe(false)
    },
  )

  it('leaves numbers in the middle of a line to the prose, but no bare amount', () => {
    expect(looksLikeWait('PostgreSQL 18', false)).toBe(false)
    expect(looksLikeWait('30 mni', false)).toBe(true)
    expect(looksLikeWait('30 min wait please', false)).toBe(true)
  })
})

describe('suggestWait', () => {
  it.each([
    ['1 fortnight', 'Did you mean "(14 days)", "(336 hours)" or "(immediate)"?'],
    ['2 weeks', 'Did you mean "(14 days)", "(336 hours)" or "(immediate)"?'],
    ['30 mni wait', 'Did you mean "(30 min)" or "(immediate)"?'],
    ['within 1 hour', 'Did you mean "(1 hour)" or "(immediate)"?'],
    ['half an hour', 'Did you mean "(0.5 hours)" or "(immediate)"?'],
    ['soon', 'Try "(immediate)".'],
    ['0 min', 'Did you mean "(30 min)", "(1 hour)" or "(immediate)"?'],
  ])('%j: %s', (text, hint) => {
    expect(suggestWait(text)).toBe(hint)
  })
})

describe('parenthesesOf', () => {
  it('finds the outermost pairs and what is never closed', () => {
    expect(parenthesesOf('a (b (c)) d (e')).toEqual([
      { start: 2, end: 9, content: 'b (c)', closed: true },
      { start: 12, end: 14, content: 'e', closed: false },
    ])
  })

  it('follows a parenthesis over a wrapped line', () => {
    expect(parenthesesOf('(30\nmin)')).toEqual([{ start: 0, end: 8, content: '30\nmin', closed: true }])
  })
})
