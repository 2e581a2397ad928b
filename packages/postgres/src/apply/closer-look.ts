import { quoteRelation } from '../identifiers.ts'
import type { Queryable } from '../queryable.ts'
import { tableShapes } from '../verify/table-shape.ts'
import { announcedBy, unannounced } from './announced.ts'
import { type Effect, effectsBetween, isCovered, lookAtAll, type Measured } from './effects.ts'
import { compare, keep, type Kept } from './value-guard.ts'

/** Rows of a table that are looked at one by one while its lock is held; of more a counter's word stands. */
const ROWS_MAX = 1_000_000

/** Counters that rows which are the same as before speak against. */
const CLEARED_BY_ROWS = new Set<Effect['what']>(['deleted', 'overwritten', 'replaced', 'type-changed'])

/** A step that did more than it says and than was approved: its transaction is rolled back. */
export class Exceeded extends Error {
  readonly effects: Measured[]
  /** Tables whose rows would tell more than their counters, when they are kept before. */
  readonly unkept: string[]

  constructor(effects: Measured[], unkept: string[]) {
    super(`it does more than it says`)
    this.effects = effects
    this.unkept = unkept
  }
}

/** What is known before a step: tables (oid) whose rows are compared, and effects that were approved. */
export interface Expected {
  compared: string[]
  approved: Effect[]
}

/**
 * Runs `work` in the caller's transaction and measures what it takes from anything that was there; deferred triggers run
 * within it. Gives the effects that were approved. @throws Exceeded for any other that `sql` does not announce.
 */
export async function measured(
  session: Queryable,
  sql: string,
  { compared, approved }: Expected,
  work: () => Promise<void>,
): Promise<Measured[]> {
  const before = await lookAtAll(session)
  const kept = await keepRows(session, compared)
  await work()
  await session.query('set constraints all immediate')
  const after = await lookAtAll(session)
  const beyond = unannounced(effectsBetween(before, after), await announcedBy(sql), before, after)
  const cleared = beyond.length === 0 ? new Set<string>() : await sameRows(session, kept)
  const isCleared = ({ what, at }: Measured): boolean =>
    CLEARED_BY_ROWS.has(what) && at.every(({ oid }) => cleared.has(oid))
  const left = beyond.filter((effect) => !isCleared(effect))
  const exceeding = left.filter((effect) => !isCovered(effect, approved))
  if (exceeding.length === 0) return left
  const touched = exceeding.filter(({ what }) => CLEARED_BY_ROWS.has(what)).flatMap(({ at }) => at)
  const unkept = touched.map(({ oid }) => oid).filter((oid) => !compared.includes(oid))
  throw new Exceeded(left, [...new Set(unkept)])
}

/** Rows hidden from the role by row security would count as gone, or as unchanged: then the read fails instead. */
async function seeingAll<T>(session: Queryable, otherwise: T, work: () => Promise<T>): Promise<T> {
  await session.query('savepoint esa_rows')
  try {
    const { rows } = await session.query(`select pg_catalog.current_setting('row_security') as was`)
    await session.query('set local row_security = off')
    const result = await work()
    await session.query(`select pg_catalog.set_config('row_security', $1, true)`, [rows[0]?.['was']])
    await session.query('release savepoint esa_rows')
    return result
  } catch (error) {
    // After a lost session or a cancelled statement this fails as well, with the better error.
    await session.query('rollback to savepoint esa_rows; release savepoint esa_rows')
    const code = (error as { code?: unknown }).code
    // A comparison that was refused has ended the part of the transaction that the savepoint began.
    if (code !== '42501' && code !== '25P02') throw error
    return otherwise
  }
}

/** The rows of tables, by the oids of these or of their partitions. */
type Rows = { oids: string[]; kept: Kept[] }[]

async function keepRows(session: Queryable, oids: string[]): Promise<Rows> {
  if (oids.length === 0) return []
  const shapes = await tableShapes(session)
  const roots = new Map<string, string[]>()
  for (const { oid, rootOid } of shapes)
    if (oids.includes(oid)) roots.set(rootOid ?? oid, [...(roots.get(rootOid ?? oid) ?? []), oid])
  const rows: Rows = []
  for (const [root, parts] of roots) {
    const table = shapes.find(({ oid }) => oid === root)
    if (table === undefined) continue
    const name = quoteRelation(table.schema, table.name)
    const kept = await seeingAll(session, null, async () => {
      await session.query(`lock table ${name} in share row exclusive mode`)
      const { rows: counts } = await session.query(
        `select count(*)::float8 as n from (select from ${name} limit ${ROWS_MAX + 1}) few`,
      )
      if (Number(counts[0]?.['n']) > ROWS_MAX) return null
      return await keep(session, [{ ...table, rowsGo: false }])
    })
    if (kept !== null) rows.push({ oids: parts, kept })
  }
  return rows
}

/** The oids of tables that hold every row that was kept, and no other. */
async function sameRows(session: Queryable, rows: Rows): Promise<Set<string>> {
  const same = new Set<string>()
  for (const { oids, kept } of rows) {
    const equal = await seeingAll(session, false, async () => {
      const unsure: string[] = []
      const lost = await compare(session, kept, unsure)
      return lost.length === 0 && unsure.length === 0
    })
    if (equal) for (const oid of oids) same.add(oid)
  }
  return same
}
