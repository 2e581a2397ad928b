import { describe, expect, it } from 'vitest'
import { boardText, sparkline } from './watch-tiles.ts'

describe('a board', () => {
  it('draws values from low to high, and a flat line flat', () => {
    expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8])).toBe('▁▂▃▄▅▆▇█')
    expect([sparkline([5, 5, 5]), sparkline([]), sparkline([3])]).toEqual(['▁▁▁', '', '▁'])
    expect(sparkline(Array.from({ length: 100 }, (_, n) => n))).toHaveLength(24)
  })

  it('says when the next look is, what was measured last, and why something was not', () => {
    const tile = {
      key: 'query-response-time',
      value: 12.345,
      unit: 'ms',
      promised: '< 100 ms',
      ok: true,
      at: 1_000,
    }
    const missing = {
      ...tile,
      key: 'index-hit-ratio',
      value: null,
      ok: null,
      why: 'no statistics',
      history: [],
    }
    const board = {
      target: 'shop',
      nowMs: 6_000,
      nextAt: 66_000,
      tiles: [{ ...tile, why: null, history: [9, 12] }, missing],
    }
    const text = boardText(board)
    expect(text).toMatch(/shop.*next look in (1 min|60 s)/)
    expect(text).toMatch(/query-response-time +12\.35 ms +< 100 ms +▁█ +2 in all, the last 5 s ago/)
    expect(text).toMatch(/index-hit-ratio +- +.*no statistics/)
    expect(boardText({ ...board, nextAt: null })).toContain('not watched')
    expect(boardText({ ...board, nextAt: 5_000, tiles: [] })).toMatch(/looking now\nnothing was measured yet/)
  })
})
