import { EsaError } from '@esa/protocol'
import { type Finding, postgresError, sqlState, type Queryable } from '@esa/database-catalog/sql'
import { closeReferences } from './close-references.ts'
import { linesOf, pourRows, type RowRoad } from './pour-rows.ts'
import { RowBudget } from './row-budget.ts'
import { lineOf, shareBytes, sourceTables, type TableShare } from './row-plan.ts'

/** Rows to copy with the schema. */
export interface RowCopy {
  /** `full`: all rows or an error; `sample`: some pages of large tables, with every row that a copied one refers to. */
  mode: 'sample' | 'full'
  /** Most that is copied: of the source's disk when a copy is planned, of text when it runs. */
  maxBytes: number
  /** Longest that copying takes; building indexes on the rows comes on top. */
  maxMs: number
  onProgress?: (progress: RowProgress) => void
}

/** How far a copy is. `totalBytes` is an estimate: a row has another size on disk than as text. */
export interface RowProgress {
  relation: string
  rows: number
  bytes: number
  totalBytes: number
}

/** What was copied of a table; rows that others refer to come on top of a sample. */
export interface CopiedTable {
  relation: string
  rows: number
  /** False when it is a sample, or was cut short. */
  complete: boolean
}

/** What a copy came to. */
export interface CopiedRows {
  tables: CopiedTable[]
  missing: Finding[]
}

/** First batch of a table: small, as nothing is known of the size of its rows yet. */
const ROWS_FIRST = 10
const ROWS_MAX = 5_000
/** Memory of a batch, about; two are in flight. */
const BATCH_BYTES = 512 * 1024

/** The seed of every sample: the same pages give the same sample. */
const SAMPLE_SEED = 1

/** Text may be larger than what compresses well on disk: only beyond this many times its share is a sample cut short. */
const TEXT_PER_DISK_MAX = 4

/**
 * Copies rows between two databases of the same schema, in batches of bounded memory. Keys, indexes and triggers are made
 * afterwards by the caller. @throws EsaError `rehearsal.too-large`, `rehearsal.incomplete` (terminal) in mode full, `database.*`.
 */
export async function copyRows(
  source: Queryable,
  destination: Queryable,
  schemas: string[] | null,
  copy: RowCopy,
): Promise<CopiedRows> {
  const tables = await sourceTables(source, schemas)
  const totalBytes = tables.reduce((sum, { bytes }) => sum + bytes, 0)
  const full = copy.mode === 'full'
  if (full && totalBytes > copy.maxBytes) throw tooLarge(totalBytes, copy.maxBytes)
  const road: RowRoad = {
    source,
    destination,
    // All rows of a plan that fits are wanted, however large they are as text.
    budget: new RowBudget(full ? Infinity : copy.maxBytes * TEXT_PER_DISK_MAX, copy.maxMs),
  }
  const planned = Math.min(totalBytes, copy.maxBytes)
  const copied: CopiedTable[] = []
  const refused: RefusedTable[] = []
  for (const share of shareBytes(tables, full ? totalBytes : copy.maxBytes)) {
    const { budget } = road
    const before = budget.rows
    const progress = () =>
      copy.onProgress?.({
        relation: share.table.relation,
        rows: budget.rows - before,
        bytes: budget.bytes,
        totalBytes: planned,
      })
    const done = await copyTable(road, share, progress)
    if (full && ('why' in done || !done.complete)) throw incomplete(done, copy.maxMs)
    if ('why' in done) refused.push(done)
    else copied.push(done)
  }
  const cut = copied.filter(({ complete }) => !complete)
  if (cut.length === 0 && refused.length === 0) return { tables: copied, missing: [] }
  const open = await closeReferences(road, tables, schemas)
  return { tables: copied, missing: [...withoutRows(refused), ...sampled(cut), ...open] }
}

/** A table whose rows its server did not give. */
interface RefusedTable {
  relation: string
  why: string
  forbidden: boolean
  /** The copy has no such table. */
  absent: boolean
}

/** Copies a table's share. */
async function copyTable(
  { source, destination, budget }: RowRoad,
  { table, percent }: TableShare,
  progress: () => void,
): Promise<CopiedTable | RefusedTable> {
  const sample = percent < 100 ? ` tablesample system (${percent}) repeatable (${SAMPLE_SEED})` : ''
  const before = budget.rows
  let complete = percent === 100
  async function* batches(): AsyncIterable<Buffer> {
    for (let size = ROWS_FIRST; ;) {
      const { rows } = await source.query(`fetch forward ${size} from esa_rows`)
      if (rows.length === 0) return
      const lines = linesOf(rows)
      budget.take(rows.length, lines.length)
      progress()
      yield lines
      if (budget.exhausted) return void (complete = false)
      size = Math.max(1, Math.min(ROWS_MAX, Math.floor((BATCH_BYTES * rows.length) / lines.length)))
    }
  }
  await source.query('savepoint esa_table')
  try {
    const select = `select ${lineOf(table)} as line from only ${table.relation}${sample}`
    await source.query(`declare esa_rows no scroll cursor for ${select}`)
    await pourRows(destination, table, batches())
    await source.query('close esa_rows')
    return { relation: table.relation, rows: budget.rows - before, complete }
  } catch (error) {
    const { code, kind, message } = postgresError(error)
    if (kind === 'bug' || code === 'database.unreachable' || code === 'database.busy') throw error
    await source.query('rollback to savepoint esa_table')
    return {
      relation: table.relation,
      why: message,
      forbidden: code === 'database.permission',
      absent: sqlState(error) === NO_TABLE,
    }
  } finally {
    await source.query('release savepoint esa_table').catch(() => undefined)
  }
}

/** One finding for all tables without rows. */
function withoutRows(refused: readonly RefusedTable[]): Finding[] {
  const [first] = refused
  if (first === undefined) return []
  const others = refused.length === 1 ? '' : ` and ${refused.length - 1} more tables`
  return [
    {
      kind: 'rows-missing',
      severity: 'warning',
      ...(refused.length === 1 ? { relation: first.relation } : {}),
      message: `${first.relation}${others} without rows on the rehearsal: ${first.why}`,
      evidence: { tables: refused.map(({ relation, why }) => ({ relation, why })) },
      ...(first.forbidden ? { fix: 'let the role read them: esa db grants prints the SQL' } : {}),
    },
  ]
}

/** One finding for all tables that are not whole: what is measured on them is not what the target would show. */
function sampled(cut: readonly CopiedTable[]): Finding[] {
  if (cut.length === 0) return []
  return [
    {
      kind: 'rows-sampled',
      severity: 'info',
      message: `${cut.length} tables have a sample of their rows: times and sizes on them are those of the sample`,
      evidence: { tables: cut.map(({ relation, rows }) => ({ relation, rows })) },
    },
  ]
}

function tooLarge(bytes: number, maxBytes: number): EsaError {
  return new EsaError(
    'rehearsal.too-large',
    'terminal',
    `all rows are ${mebibytes(bytes)} MiB, and ${mebibytes(maxBytes)} MiB may be copied`,
    { hint: 'copy a sample: --copy-rows sample', details: { bytes, maxBytes } },
  )
}

/** SQLSTATE of a relation that is not there. */
const NO_TABLE = '42P01'
const WITHOUT_TABLE =
  'the copy could not make this table: rehearse on a server that has what it needs, its extensions for one: ESA_REHEARSAL_URL=postgres://...'

function incomplete(table: CopiedTable | RefusedTable, maxMs: number): EsaError {
  const { relation } = table
  const why = 'why' in table ? table.why : `the ${maxMs} ms for it were over`
  return new EsaError(
    'rehearsal.incomplete',
    'terminal',
    `not all rows could be copied: ${why} at ${relation}`,
    {
      hint: 'absent' in table && table.absent ? WITHOUT_TABLE : 'copy a sample: --copy-rows sample',
      details: { relation },
    },
  )
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024)
}
