import { quoteIdentifier } from '../identifiers.ts'
import type { Queryable } from '../queryable.ts'
import { quoteDotted } from './names.ts'
import type { BackfillStep } from './plan.ts'

/** Where a walk stands: the key of the last row that is done, as texts; null before the first row. */
export type WalkPlace = string[] | null

/** One batch that is done. */
export interface Batch {
  /** Where the next one begins; null when the walk is over. */
  place: WalkPlace
  /** Rows that were changed. */
  rows: number
}

/** Blocks of a table a batch walks where the rows have no key: some thousand rows of common width. */
const BLOCKS_PER_BATCH = 64

/**
 * Runs the batch that follows `after` as one statement, in the caller's transaction or its own. Writers it meets wait
 * for the batch, and it for them: with a lock_timeout below the server's deadlock_timeout (1 s) the batch gives up
 * first, never a writer. @throws the server's error unchanged.
 */
export async function runBatch(session: Queryable, step: BackfillStep, after: WalkPlace): Promise<Batch> {
  const place = byBlocks(step) ? await nextBlock(session, step, after) : await nextKey(session, step, after)
  const values = [...(after ?? []), ...(place ?? [])]
  const low = after === null ? [] : [`${keyOf(step)} > ${parameters(step, 0)}`]
  const high = place === null ? [] : [`${keyOf(step)} <= ${parameters(step, after?.length ?? 0)}`]
  const range = [...low, ...high].join(' and ') || 'true'
  const { rows } = await session.query(
    `with esa_done as (${step.sql.replaceAll('$RANGE', range)} returning 1) select count(*)::float8 as rows from esa_done`,
    values,
  )
  return { place, rows: Number(rows[0]?.['rows']) }
}

function byBlocks({ key }: BackfillStep): boolean {
  return key[0]?.column === 'ctid'
}

/** The key of the last row of the next batch; null when fewer rows are left than one batch holds. */
async function nextKey(session: Queryable, step: BackfillStep, after: WalkPlace): Promise<WalkPlace> {
  const columns = step.key.map(({ column }, n) => `t.${quoteIdentifier(column)}::text as "${n}"`)
  const where = after === null ? '' : `where ${keyOf(step)} > ${parameters(step, 0)}`
  const order = step.key.map(({ column }) => `t.${quoteIdentifier(column)}`)
  const { rows } = await session.query(
    `select ${columns.join(', ')} from ${quoteDotted(step.relation)} t ${where} order by ${order.join(', ')} offset ${step.batchRows - 1} limit 1`,
    after ?? [],
  )
  return rows[0] === undefined ? null : step.key.map((_, n) => String(rows[0]![String(n)]))
}

/** The first place of a block some blocks on; null when the table ends before. Updated rows move behind, filled. */
async function nextBlock(session: Queryable, step: BackfillStep, after: WalkPlace): Promise<WalkPlace> {
  const { rows } = await session.query(
    `select pg_relation_size($1::regclass) / current_setting('block_size')::int as blocks`,
    [quoteDotted(step.relation)],
  )
  const block = Number(/^\((\d+),/.exec(after?.[0] ?? '(0,')![1]) + BLOCKS_PER_BATCH
  return block >= Number(rows[0]?.['blocks']) ? null : [`(${block},0)`]
}

function keyOf({ key }: BackfillStep): string {
  return `(${key.map(({ column }) => `t.${quoteIdentifier(column)}`).join(', ')})`
}

function parameters({ key }: BackfillStep, from: number): string {
  return `(${key.map(({ type }, n) => `$${from + n + 1}::${type}`).join(', ')})`
}
