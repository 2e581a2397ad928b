import { EsaError } from '@esa/protocol'
import { quoteRelation } from '../identifiers.ts'
import { sqlState } from '../postgres-error.ts'
import type { Queryable } from '../queryable.ts'
import { type Digest, digestTable } from '../verify/digest.ts'
import { own } from '../verify/keep-before.ts'
import { type ColumnShape, nameOf, type TableShape, tableShapes } from '../verify/table-shape.ts'
import { beyondTables, type TouchedTable, touchedTables, touchOf } from '../verify/touched-tables.ts'

/** What is known of the values that a step could have changed. */
export interface ValueCheck {
  state: 'untouched' | 'equal' | 'counted' | 'unknown'
  why: string
}

/** Largest table that is digested while its lock is held, bytes: some 100 ms, a part of what anybody may be kept waiting. */
const LOCKED_BYTES_MAX = 16 * 1024 * 1024

/** Largest table that is digested at all, bytes: some 10 s a look. */
const DIGEST_BYTES_MAX = 2 * 1024 * 1024 * 1024

/** A statement that ran out of time, or was cancelled. */
const TIMED_OUT = '57014'

/** A table before a step; `columns` are those that held a value. */
export interface Kept {
  table: TouchedTable
  columns: ColumnShape[]
  digest: Digest
}

/** A look before a step; `check` looks again after it. */
export interface Guard {
  /** Called in the step's transaction, before and after its SQL. */
  before(session: Queryable): Promise<void>
  after(session: Queryable, approved?: boolean): Promise<void>
  /** Called outside of it when it is committed. */
  verdict(session: Queryable): Promise<ValueCheck>
}

/**
 * Guards the values that a step touches: small tables are locked, digested and compared in its own transaction, so that a
 * loss is undone before anybody sees it; larger ones before and after it, which tells only when nobody else wrote meanwhile.
 * `accepted`: a loss is meant, and only written down. @throws EsaError `migration.data-loss` (terminal) from `after` (nothing was done) or `verdict` (it is done).
 */
export async function guardValues(session: Queryable, sql: string, accepted: boolean): Promise<Guard> {
  const touch = await touchOf(sql)
  const tables = await touchedTables(session, touch)
  const sizes = await sizesOf(session, tables)
  const size = (table: TableShape): number => sizes.get(table.oid) ?? 0
  const small = tables.filter((table) => size(table) <= LOCKED_BYTES_MAX)
  const large = tables.filter((table) => size(table) > LOCKED_BYTES_MAX && size(table) <= DIGEST_BYTES_MAX)
  const huge = tables.filter((table) => size(table) > DIGEST_BYTES_MAX)
  const unsure: string[] = huge.map((table) => `${nameOf(table)} is too large to be compared here`)
  if (touch.relations.length > 0) unsure.push(...(await beyondTables(session, touch, tables)))
  const beforehand = await keep(session, large, unsure)
  const quiet = large.length === 0 ? null : await nextTransaction(session)
  let kept: Kept[] = []
  return {
    async before(transaction) {
      for (const table of small)
        await transaction.query(
          `lock table ${quoteRelation(table.schema, table.name)} in share row exclusive mode`,
        )
      kept = await keep(transaction, small)
    },
    async after(transaction, approved = false) {
      const lost = await compare(transaction, kept, unsure)
      if (accepted || approved) unsure.push(...lost.map(lossText))
      else if (lost.length > 0) throw dataLoss(lost, false)
    },
    async verdict(outside) {
      const changed = await compare(outside, beforehand, unsure)
      if (accepted) unsure.push(...changed.map(lossText))
      else if (changed.length > 0) {
        // One transaction is the step's own.
        if (quiet !== null && (await nextTransaction(outside)) - quiet <= 1) throw dataLoss(changed, true)
        unsure.push(`others wrote while ${changed.map(({ relation }) => relation).join(', ')} changed`)
      }
      return verdictOf([...kept, ...beforehand], unsure)
    },
  }
}

function verdictOf(kept: Kept[], unsure: string[]): ValueCheck {
  // A step that was tried again has said the same again.
  if (unsure.length > 0) return { state: 'unknown', why: [...new Set(unsure)].join('; ') }
  if (kept.length === 0) return { state: 'untouched', why: 'it changes no value that was there' }
  const names = kept.map(({ table, digest }) => `${nameOf(table)} (${digest.rows} rows)`)
  return { state: 'equal', why: `counts and checksums of ${names.join(', ')} are equal before and after` }
}

async function sizesOf(session: Queryable, tables: TouchedTable[]): Promise<Map<string, number>> {
  if (tables.length === 0) return new Map()
  const { rows } = await session.query(
    `select t.oid::text, (select coalesce(sum(pg_table_size(p.relid)), pg_table_size(t.oid)) from pg_partition_tree(t.oid) p)::float8 as bytes
     from pg_class t where t.oid = any($1::oid[])`,
    [tables.map(({ oid }) => oid)],
  )
  return new Map(rows.map(({ oid, bytes }) => [String(oid), Number(bytes)]))
}

/** Without `unsure` it runs in a transaction, which a statement that was cancelled has ended. */
export async function keep(session: Queryable, tables: TouchedTable[], unsure?: string[]): Promise<Kept[]> {
  const kept: Kept[] = []
  for (const table of tables) {
    try {
      kept.push(await keepOne(session, table))
    } catch (error) {
      if (unsure === undefined || sqlState(error) !== TIMED_OUT) throw error
      unsure.push(`${nameOf(table)} could not be read within the target’s time-out`)
    }
  }
  return kept
}

/** What was NULL throughout may be filled: it is left out of the checksum of whole rows. */
async function keepOne(session: Queryable, table: TouchedTable): Promise<Kept> {
  const all = await digestTable(session, table, own(table))
  const columns = own(table).filter(({ nth }) => all.columns.get(nth)?.values !== '0')
  const digest = columns.length === own(table).length ? all : await digestTable(session, table, columns)
  return { table, columns, digest }
}

/** The number of the next transaction of the server: as many as were begun between two looks. */
async function nextTransaction(session: Queryable): Promise<number> {
  const { rows } = await session.query('select txid_snapshot_xmax(txid_current_snapshot())::float8 as next')
  return Number(rows[0]?.['next'])
}

export interface Lost {
  relation: string
  column?: string
  why: string
}

/** What of the kept tables is not what it was; `unsure` gets what cannot be told. */
export async function compare(session: Queryable, kept: Kept[], unsure: string[]): Promise<Lost[]> {
  if (kept.length === 0) return []
  const shapes = await tableShapes(session)
  const lost: Lost[] = []
  for (const one of kept) {
    const { table, digest } = one
    const now = shapes.find(({ oid }) => oid === table.oid)
    if (digest.rows === '0') continue
    if (now === undefined) unsure.push(`${nameOf(table)} is gone with its ${digest.rows} rows`)
    else lost.push(...(await compareOne(session, one, now, unsure)))
  }
  return lost
}

async function compareOne(
  session: Queryable,
  { table, columns, digest }: Kept,
  now: TableShape,
  unsure: string[],
): Promise<Lost[]> {
  const relation = nameOf(table)
  const still = now.columns.filter(({ nth }) => columns.some((column) => column.nth === nth))
  const dropped = columns.filter(({ nth }) => !still.some((column) => column.nth === nth))
  unsure.push(...dropped.map(({ name }) => `${relation}.${name} is gone with its values`))
  const types = new Map(columns.map(({ nth, type }) => [nth, type]))
  let after: Digest
  try {
    after = await digestTable(session, now, still, types)
  } catch (error) {
    if (!['22', '42'].includes(sqlState(error)?.slice(0, 2) ?? '')) throw error
    return [{ relation, why: 'its values do not go back to the types that they had' }]
  }
  const gone = Number(digest.rows) - Number(after.rows)
  const why = `${gone} of ${digest.rows} rows are gone`
  if (gone > 0)
    return table.rowsGo ? unsureOf(unsure, `${relation}: ${why}, as it says`) : [{ relation, why }]
  if (gone < 0) return unsureOf(unsure, `rows were added to ${relation} too`)
  const changed = columns.filter(({ nth }) => {
    const checksum = after.columns.get(nth)?.checksum
    return checksum !== undefined && checksum !== digest.columns.get(nth)?.checksum
  })
  if (changed.length > 0)
    return changed.map(({ name }) => ({ relation, column: name, why: 'its values are not what they were' }))
  return dropped.length === 0 && after.whole !== digest.whole
    ? [{ relation, why: 'values changed places between rows' }]
    : []
}

function unsureOf(unsure: string[], why: string): Lost[] {
  unsure.push(why)
  return []
}

function lossText({ relation, column, why }: Lost): string {
  return `${column === undefined ? relation : `${relation}.${column}`}: ${why}`
}

function dataLoss(lost: Lost[], done: boolean): EsaError {
  const so = done ? 'this step is done, and nothing after it' : 'nothing of this step was done'
  const what = lost.map(lossText).join('; ')
  return new EsaError(
    'migration.data-loss',
    'terminal',
    `values that were there are not there any more: ${what}`,
    {
      details: { mismatches: lost, lost: done },
      hint: `${so}. Keep what is overwritten in a column of its own, or show on a copy that it is kept elsewhere: esa db migrate verify; if a loss is meant: --yes`,
    },
  )
}
