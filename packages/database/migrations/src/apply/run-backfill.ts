import { type Queryable, OWN_MARK } from '@esa/database-catalog/sql'
import type { BackfillStep } from '../plan/model/plan.ts'
import { type Batch, byBlocks, runBatch, type WalkPlace } from '../plan/run-batch.ts'
import { madeByItself } from '../verify/announced.ts'
import { lookAt } from './blockers.ts'
import { Exceeded, type Expected, measured } from '../verify/closer-look.ts'
import { approveEffects, inStepTransaction, mark, type Running } from './run-step.ts'

/** How long one batch may hold its row locks: long enough to be worth a commit, too short to be felt. */
const BATCH_MS = 100
const BATCH_ROWS_MIN = 50
const BATCH_ROWS_MAX = 20_000

/** Standbys further behind than this are waited for; one that serves reads would show old data. */
const LAG_MS_MAX = 2_000

/** Part of a batch's own time that others get before the next one. */
const REST = 0.25
const LAG_PAUSE_MS = 500

/** Longest wait for a standby; one that does not come nearer in this time is not held back by this walk. */
const LAG_WAIT_MS_MAX = 60_000

/** How far a backfill is: `total` is the planner's estimate, 0 when there is none. */
export interface Filled {
  rows: number
  total: number
  batchRows: number
}

interface Cursor {
  place: WalkPlace
  rows: number
  batchRows: number
  /** Rows that this walk over the table has filled, and the one before it; walks by places alone have these. */
  walked?: number
  before?: number
}

/**
 * Fills rows in batches, each a transaction that also holds the place it has come to, so that a walk that was killed
 * goes on behind its last commit. Batches shrink when they are slow or keep others waiting, and pause while standbys lag.
 */
export async function runBackfill(
  running: Running,
  step: BackfillStep,
  onProgress: (filled: Filled) => void,
  shallStop: () => void,
): Promise<void> {
  const { bench, known } = running
  const { clock, session } = bench
  const { inTransaction } = running.ledger
  let cursor = startOf(step, known?.state === 'undone' ? null : known?.cursor)
  const total = await estimate(session, step)
  const expected = await expectedOf(running)
  const announces = step.sql.replaceAll('$RANGE', 'true')
  for (;;) {
    shallStop()
    const from = clock.now()
    const next = await inBatch(running, expected, async () => {
      let batch: Batch | undefined
      await measured(session, announces, expected, async () => {
        batch = await runBatch(session, { ...step, batchRows: cursor.batchRows }, cursor.place)
      })
      const ms = clock.now() - from
      const grown = grownBy(cursor, batch!, step, sized(cursor.batchRows, ms))
      if (inTransaction) await mark(running, isOver(grown) ? 'done' : 'started', { ...grown }, '')
      return grown
    })
    // Beside the target only what is committed may be written down; a batch that is run again changes nothing.
    if (!inTransaction) await mark(running, 'started', { ...next }, '')
    const ms = clock.now() - from
    onProgress({ rows: next.rows, total, batchRows: next.batchRows })
    if (isOver(next)) break
    cursor = (await othersWait(running)) ? { ...next, batchRows: sized(next.batchRows, BATCH_MS * 2) } : next
    await clock.pause(ms * REST)
    await untilStandbysFollow(running, shallStop)
  }
  await mark(running, 'done', null, '')
}

/** A batch fills what it says, and may change tables that the migration made; anything else takes an approval. */
async function expectedOf({ migration, step }: Running): Promise<Expected> {
  const made = await madeByItself(
    migration.steps.flatMap(({ work }) => (work.kind === 'statement' ? [work.sql] : [])),
  )
  return { compared: [], approved: step.effects ?? [], atItsWord: true, trusted: true, besides: made }
}

/** Runs a batch in a transaction; one that takes more than was approved is rolled back, and runs again with the approval. */
async function inBatch<T>(running: Running, expected: Expected, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await inStepTransaction(running, work)
    } catch (error) {
      if (!(error instanceof Exceeded)) throw error
      if (error.unkept.length > 0) expected.compared.push(...error.unkept)
      else {
        // How many there are in all is not known before the last batch.
        const beyond = error.effects.filter(({ announced }) => announced !== true)
        expected.approved = await approveEffects(
          running,
          beyond.map((effect) => ({ ...effect, atMost: null })),
        )
      }
    }
  }
}

/** A walk that fills more than this part of what the one before it did meets rows that are given NULL. */
const FEWER = 0.5

/**
 * The cursor after a batch. A row without a key that is written meanwhile may move behind the walk: the table is walked
 * again as long as that fills rows, each time far fewer.
 */
function grownBy(cursor: Cursor, { place, rows }: Batch, step: BackfillStep, batchRows: number): Cursor {
  const grown = { place, rows: cursor.rows + rows, batchRows }
  if (!byBlocks(step)) return grown
  const { walked = 0, before } = cursor
  const now = walked + rows
  if (place !== null) return { ...grown, walked: now, ...(before === undefined ? {} : { before }) }
  return now === 0 || now > (before ?? Number.POSITIVE_INFINITY) * FEWER ? grown : { ...grown, before: now }
}

function isOver({ place, before }: Cursor): boolean {
  return place === null && before === undefined
}

function startOf(step: BackfillStep, known: unknown): Cursor {
  const cursor = known as Cursor | null | undefined
  return cursor?.place || cursor?.before !== undefined
    ? cursor
    : { place: null, rows: 0, batchRows: step.batchRows }
}

/** The next batch's size: half after a slow one, half as much again after a quick one. */
function sized(rows: number, ms: number): number {
  const factor = ms > BATCH_MS * 1.5 ? 0.5 : ms < BATCH_MS / 2 ? 1.5 : 1
  return Math.round(Math.min(BATCH_ROWS_MAX, Math.max(BATCH_ROWS_MIN, rows * factor)))
}

async function othersWait({ bench }: Running): Promise<boolean> {
  const { waiting } = await lookAt(bench.watch, bench.pid, bench.serverVersion).catch(() => ({ waiting: 0 }))
  return waiting > 0
}

/** The lag of standbys as far as the role may see it; without pg_monitor it is null, and no standby is waited for. */
const LAG = `select ${OWN_MARK} coalesce(max(extract(epoch from replay_lag)), 0)::float8 * 1000 as ms from pg_stat_replication`

async function untilStandbysFollow({ bench }: Running, shallStop: () => void): Promise<void> {
  for (let waitedMs = 0; waitedMs < LAG_WAIT_MS_MAX; waitedMs += LAG_PAUSE_MS) {
    const { rows } = await bench.watch.query(LAG)
    if (Number(rows[0]?.['ms']) <= LAG_MS_MAX) return
    shallStop()
    await bench.clock.pause(LAG_PAUSE_MS)
  }
}

async function estimate(session: Queryable, { relation }: BackfillStep): Promise<number> {
  const { rows } = await session.query(
    `select greatest(c.reltuples, 0)::float8 as rows from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname || '.' || c.relname = $1`,
    [relation],
  )
  return Number(rows[0]?.['rows'] ?? 0)
}
