import { quoteIdentifier, type Queryable } from '@esa/database-catalog/sql'
import { quoteDotted } from '@esa/database-catalog'
import type { BackfillStep } from './model/plan.ts'

/**
 * The position of a walk: the key of the last row that is done, as texts; null before the first row. Without a key it is the
 * place of that row, and how many blocks the walk goes over.
 */
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
  const { place, end } = byBlocks(step)
    ? await nextBlock(session, step, after)
    : await nextKey(session, step, after)
  const start = after?.slice(0, step.key.length) ?? []
  const low = after === null ? [] : [`${keyOf(step)} > ${parameters(step, 0)}`]
  const high = end.length === 0 ? [] : [`${keyOf(step)} <= ${parameters(step, start.length)}`]
  const range = [...low, ...high].join(' and ') || 'true'
  const { rows } = await session.query(
    `with esa_done as (${step.sql.replaceAll('$RANGE', range)} returning 1) select count(*)::float8 as rows from esa_done`,
    [...start, ...end],
  )
  return { place, rows: Number(rows[0]?.['rows']) }
}

/** True where rows have no key, and a walk goes by their places: a row that is written meanwhile may move behind it. */
export function byBlocks({ key }: BackfillStep): boolean {
  return key[0]?.column === 'ctid'
}

/** The last row of a batch, empty for the last of all, and where the next batch begins. */
interface Range {
  end: string[]
  place: WalkPlace
}

/** The key of the last row of the next batch; none when fewer rows are left than one batch holds. */
async function nextKey(session: Queryable, step: BackfillStep, after: WalkPlace): Promise<Range> {
  const columns = step.key.map(({ column }, n) => `t.${quoteIdentifier(column)}::text as "${n}"`)
  const where = after === null ? '' : `where ${keyOf(step)} > ${parameters(step, 0)}`
  const order = step.key.map(({ column }) => `t.${quoteIdentifier(column)}`)
  const { rows } = await session.query(
    `select ${columns.join(', ')} from ${quoteDotted(step.relation)} t ${where} order by ${order.join(', ')} offset ${step.batchRows - 1} limit 1`,
    after ?? [],
  )
  if (rows[0] === undefined) return { end: [], place: null }
  const end = step.key.map((_, n) => String(rows[0]![String(n)]))
  return { end, place: end }
}

/**
 * The first place of a block some blocks on, and at most where the table ended when the walk began: rows that are updated
 * move behind that, and one that is given NULL would be met again for ever.
 */
async function nextBlock(session: Queryable, step: BackfillStep, after: WalkPlace): Promise<Range> {
  const blocks = Number(after?.[1] ?? (await blocksOf(session, step)))
  const block = Number(/^\((\d+),/.exec(after?.[0] ?? '(0,')![1]) + BLOCKS_PER_BATCH
  const end = `(${Math.min(block, blocks)},0)`
  return { end: [end], place: block >= blocks ? null : [end, String(blocks)] }
}

/** Of the largest of a table's partitions and children: each is walked at once with the others. */
async function blocksOf(session: Queryable, { relation }: BackfillStep): Promise<number> {
  const { rows } = await session.query(
    `with recursive family(oid) as (select $1::regclass::oid
       union select i.inhrelid from pg_inherits i join family on i.inhparent = family.oid)
     select max(pg_relation_size(oid)) / current_setting('block_size')::int as blocks from family`,
    [quoteDotted(relation)],
  )
  return Number(rows[0]?.['blocks'])
}

function keyOf({ key }: BackfillStep): string {
  return `(${key.map(({ column }) => `t.${quoteIdentifier(column)}`).join(', ')})`
}

function parameters({ key }: BackfillStep, from: number): string {
  return `(${key.map(({ type }, n) => `$${from + n + 1}::${type}`).join(', ')})`
}
