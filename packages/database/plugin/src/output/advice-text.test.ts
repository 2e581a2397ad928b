import { expect, it } from 'vitest'
import { adviceText } from './advice-text.ts'

const gain = {
  p95MsBefore: 147,
  p95MsAfter: 4,
  p50UsBefore: 120_000,
  p50UsAfter: 3_000,
  p95UsBefore: 147_000,
  p95UsAfter: 4_449,
  runsBefore: 20,
  runsAfter: 20,
}
const refusal = {
  reason: 'not-used' as const,
  why: 'no plan took it',
  sizeBytes: 1,
  built: true,
  queries: [],
}

function shown(more: Partial<Parameters<typeof adviceText>[0]> = {}): string {
  return adviceText({
    recommendations: [
      {
        ddl: 'CREATE INDEX CONCURRENTLY "a" ON "t" ("x")',
        sizeBytes: 2 ** 20,
        method: 'rehearsed',
        because: 'looked up by x',
        queries: [{ id: '-7', ...gain }],
        buildMs: 5,
        writes: {
          relation: 's.t',
          rows: 5_000,
          insertUsBefore: 1,
          insertUsAfter: 2,
          updateUsBefore: 3,
          updateUsAfter: 4,
        },
      },
    ],
    totalBytes: 2 ** 20,
    refused: [],
    drop: [],
    queries: [
      { id: '-7', sql: `select *\n from t where x = 1 and ${'y'.repeat(90)}`, weight: 9, ok: true, ...gain },
    ],
    skipped: [],
    notes: [],
    goalMs: 100,
    budgetBytes: 2 ** 21,
    elapsedMs: 3_400,
    complete: true,
    rewrites: [],
    missing: [],
    workload: { source: 'file', method: 'as the file has them' },
    rows: { sampled: [] },
    ...more,
  })
}

it('says what to build, whom it helps, what it costs', () => {
  const text = shown()
  expect(text).toContain('CREATE INDEX CONCURRENTLY "a" ON "t" ("x");')
  expect(text).toContain('1.0 MB: looked up by x')
  expect(text).toMatch(/147 ms → 4\.4 ms {2}select \* from t where x = 1 and y+…/)
  expect(text).toMatch(/s\.t +1 → 2 µs +3 → 4 µs/)
  expect(text).toContain('1 indexes, 1.0 MB of 2.0 MB, found in 3 s')
})

it('says what it cannot vouch for', () => {
  const why = 'nothing tells what values $1 has'
  const skipped = Array.from({ length: 5 }, (_, nth) => ({ id: `q${nth}`, sql: 'select', why }))
  const text = shown({
    complete: false,
    rows: { sampled: ['s.t'] },
    skipped,
    notes: [{ id: 'q', note: 'measured so' }],
  })
  expect(text).toContain('time was up')
  expect(text).toContain('sampled s.t')
  expect(text).toMatch(/not timed: nothing tells what values \$1 has\n {4}q0\n {4}q1\n {4}q2\n {4}and 2 more/)
  expect(text).toContain('1 measured so')
})

it('shows the refusals that were tried first, and counts the others', () => {
  const many = Array.from({ length: 12 }, (_, nth) => ({
    ...refusal,
    ddl: `CREATE INDEX CONCURRENTLY i${nth}`,
    built: nth === 11,
  }))
  expect(shown({ refused: many })).toMatch(/refused \(not-used\) i11: no plan took it\n.*i0/)
  expect(shown({ refused: many })).toContain('and 2 more: --json')
  expect(shown({ recommendations: [] })).toContain('no index is worth its bytes')
})

it('shows a statement without a name by its text, not by its number', () => {
  const sql = `select *\n from orders where customer = 5`
  const text = shown({
    queries: [{ id: 'statement-1', sql, weight: 1, ok: true, ...gain }],
    skipped: [{ id: 'statement-2', sql: 'select broken', why: 'it failed' }],
  })
  expect(text).toContain('select * from orders where customer = 5')
  expect(text).toContain('select broken')
  expect(text).not.toContain('statement-')
})
