import { describe, expect, it } from 'vitest'
import type { Queryable } from '@esa/database-catalog/sql'
import type { BackfillStep } from '../plan/model/plan.ts'
import type { StepRecord } from './ledger/ledger.ts'
import { LOCK_BUDGET } from './lock-budget.ts'
import { type Filled, runBackfill } from './run-backfill.ts'
import type { Running } from './run-step.ts'

const STEP: BackfillStep = {
  kind: 'backfill',
  id: 'backfill-1',
  about: 'fill',
  locks: [],
  relation: 'public.t',
  key: [{ column: 'id', type: 'bigint' }],
  sql: 'update public.t t set b = t.a where $RANGE',
  fills: [],
  batchRows: 1_000,
}

/** A server on a virtual clock: a table of so many rows, each takes its time to fill. */
function world({
  rows = 10_000,
  msPerRow = 0.1,
  waiting = () => 0,
  lagMs = [] as number[],
  known = null as StepRecord | null,
}) {
  let [now, last] = [0, 0]
  const [pauses, cursors, sizes]: [number[], unknown[], number[]] = [[], [], []]
  const log: string[] = []
  const query: Queryable['query'] = async (statement, values = []) => {
    const sql = typeof statement === 'string' ? statement : statement.text
    log.push(sql)
    const offset = /offset (\d+) limit 1/.exec(sql)
    if (offset) {
      const next = Number(values[0] ?? 0) + Number(offset[1]) + 1
      return { rows: next >= rows ? [] : [{ 0: String(next) }] }
    }
    if (sql.includes('esa_done')) {
      const to = Math.min(rows, Number(values.at(-1) ?? rows))
      const size = (values.length === 0 || (values.length === 1 && last > 0) ? rows : to) - last
      sizes.push(size)
      now += size * msPerRow
      last += size
      return { rows: [{ rows: size }] }
    }
    if (sql.includes('pg_stat_get_xact')) return { rows: [] }
    if (sql.includes('pg_stat_replication')) return { rows: [{ ms: lagMs.shift() ?? 0 }] }
    if (sql.includes('pg_blocking_pids'))
      return { rows: [{ blockers: [], waiting: waiting(), keptWaitingMs: 0 }] }
    if (sql.includes('pg_locks')) return { rows: [{ held: true, pid: 1 }] }
    return { rows: [{ there: false, rows }] }
  }
  const pause = async (ms: number): Promise<void> => {
    if (ms !== 50) pauses.push(ms)
    // The look of every 50 ms beside a transaction is not what passes time here.
    await new Promise((resolve) => setImmediate(resolve))
    if (ms !== 50) now += ms
  }
  const bench = {
    session: { query },
    watch: { query },
    pid: 1,
    serverVersion: 180_000,
    budget: LOCK_BUDGET,
    clock: { now: () => now, pause },
    random: () => 0.5,
    onRetry: () => {},
  }
  const ledger = {
    inTransaction: true,
    open: async () => {},
    list: async () => [],
    begin: async () => {},
    end: async () => {},
    mark: async (_: unknown, __: unknown, ___: unknown, record: { state: string; cursor: unknown }) =>
      void (log.push('mark') && cursors.push([record.state, record.cursor])),
  }
  const running = {
    bench,
    ledger,
    migration: { id: 'm', hash: '', steps: [], held: [], down: null },
    step: { id: STEP.id, hash: '', about: 'fill' },
    known: known ?? undefined,
    end: 'done',
  } as unknown as Running
  return { running, log, pauses, cursors, sizes, skip: (to: number) => (last = to) }
}

async function fill(made: ReturnType<typeof world>, shallStop: () => void = () => {}): Promise<Filled[]> {
  const seen: Filled[] = []
  await runBackfill(made.running, STEP, (filled) => seen.push(filled), shallStop)
  return seen
}

describe('a backfill', () => {
  it('grows its batches while they are quick, and halves them when they are slow', async () => {
    const quick = world({ msPerRow: 0.01 })
    await fill(quick)
    expect(quick.sizes.slice(0, 3)).toEqual([1_000, 1_500, 2_250])
    const slow = world({ msPerRow: 1 })
    await fill(slow)
    expect(slow.sizes.slice(0, 5)).toEqual([1_000, 500, 250, 125, 125])
  })

  it('halves its batches while another session waits for it', async () => {
    const busy = world({ waiting: () => 1, rows: 3_000 })
    await fill(busy)
    expect(busy.sizes.slice(0, 3)).toEqual([1_000, 500, 250])
  })

  it('rests while a standby is far behind', async () => {
    const lagging = world({ rows: 2_500, lagMs: [5_000, 2_500, 1_999] })
    await fill(lagging)
    expect(lagging.pauses.filter((ms) => ms === 500)).toHaveLength(2)
  })

  it('goes on behind the place of its last commit, and says when it is done', async () => {
    const cursor = { place: ['4000'], rows: 4_000, batchRows: 2_000 }
    const again = world({ known: { step: STEP.id, hash: '', state: 'started', cursor, rollback: '' } })
    again.skip(4_000)
    const seen = await fill(again)
    expect(again.sizes.reduce((sum, size) => sum + size, 0)).toBe(6_000)
    expect(seen.at(-1)).toMatchObject({ rows: 10_000, total: 10_000 })
    expect(again.cursors.at(-1)).toEqual(['done', null])
  })

  it('writes its place down with the commit, or beside the target after it: never before', async () => {
    for (const inTransaction of [true, false]) {
      const { running, log } = world({ rows: 2_500 })
      Object.assign(running.ledger, { inTransaction })
      await runBackfill(
        running,
        STEP,
        () => {},
        () => {},
      )
      const first = log.filter((one) => one === 'commit' || one === 'mark').slice(0, 2)
      expect(first).toEqual(inTransaction ? ['mark', 'commit'] : ['commit', 'mark'])
    }
  })

  it('stops between two batches on request', async () => {
    let batches = 0
    const stopped = world({})
    const shallStop = (): void => {
      if (++batches > 2) throw new Error('stop')
    }
    await expect(fill(stopped, shallStop)).rejects.toThrow('stop')
    expect(stopped.cursors.map((one) => (one as string[])[0])).toEqual(['started', 'started'])
  })
})
