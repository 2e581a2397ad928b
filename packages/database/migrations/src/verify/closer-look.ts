import { onOwnPath, quoteRelation, sqlState, type Queryable } from '@esa/database-catalog/sql'
import { tableShapes } from './table-shape.ts'
import { announcedBy, overwrittenBy, type Said, unannounced } from './announced.ts'
import { type Effect, effectsBetween, isCovered, lookAtAll, type Measured } from '../plan/steps/effects.ts'
import { hasSameRows, type Kept, keepRowsOf } from './kept-rows.ts'

/** Rows of a table that are looked at one by one while its lock is held; beyond that a counter decides. */
const ROWS_MAX = 1_000_000

/** Counters that rows which are the same as before speak against. */
const CLEARED_BY_ROWS = new Set<Effect['what']>(['deleted', 'overwritten', 'replaced', 'type-changed'])

/** A step that took more than was approved: its transaction is rolled back. */
export class Exceeded extends Error {
  /** All that it took, some of it not approved. */
  readonly effects: Measured[]
  /** Tables whose rows would tell more than their counters, when they are kept before. */
  readonly unkept: string[]

  constructor(effects: Measured[], unkept: string[]) {
    super(`it takes more than was approved`)
    this.effects = effects
    this.unkept = unkept
  }
}

/** What is known before a step. */
export interface Expected {
  /** Tables (oid) whose rows are compared, beside those that the statement itself overwrites. */
  compared: string[]
  /** Effects that were approved: the step may have these and no other. */
  approved: Effect[]
  /** Without such effects the text was approved, so that what it announces may happen. */
  atItsWord: boolean
  /** What it announces was compared elsewhere, on a copy, or it is a way back. */
  trusted: boolean
  /** What it may do besides what it announces. */
  besides?: Said[]
}

/** What a step came to. */
export interface Came {
  /** What it took from anything that was there. */
  took: Measured[]
  /** Of that, what the statement does not announce. */
  beyond: Measured[]
  /** Tables whose counters moved and whose rows are the same. */
  same: string[]
  /** Tables (oid) whose rows would tell more than their counters, when they are kept before. */
  unkept: string[]
}

/**
 * Runs `work` in the caller's transaction and measures what it takes from anything that was there; deferred triggers run
 * within it. Rows are compared of the tables `compared` (oid), and of those that the statement says it overwrites unless it
 * is `trusted`.
 */
export async function measure(
  session: Queryable,
  sql: string,
  { compared, trusted, besides = [] }: Pick<Expected, 'compared' | 'trusted' | 'besides'>,
  work: () => Promise<void>,
): Promise<Came> {
  const before = await lookAtAll(session)
  const said = await announcedBy(sql)
  const looked = [...compared, ...(trusted ? [] : overwrittenBy(said, before))]
  const kept = await keepRows(session, looked)
  await work()
  await session.query('set constraints all immediate')
  const after = await lookAtAll(session)
  const keeping = said.filter(({ keeps }) => keeps === true)
  const moved = unannounced(effectsBetween(before, after), keeping, before, after)
  const cleared = moved.length === 0 ? new Set<string>() : await sameRows(session, kept)
  const isCleared = ({ what, at }: Measured): boolean =>
    CLEARED_BY_ROWS.has(what) && at.every(({ oid }) => cleared.has(oid))
  const left = moved.filter((effect) => !isCleared(effect))
  const beyond = unannounced(left, [...said, ...besides], before, after)
  const took = left.map((effect) =>
    beyond.includes(effect) ? effect : { ...effect, announced: true as const },
  )
  const touched = took.filter(({ what }) => CLEARED_BY_ROWS.has(what)).flatMap(({ at }) => at)
  const unkept = touched.map(({ oid }) => oid).filter((oid) => !looked.includes(oid))
  return {
    took,
    beyond,
    same: [...new Set(moved.filter(isCleared).map(({ relation }) => relation))],
    unkept: [...new Set(unkept)],
  }
}

/** Measures `work` as `measure` does. @throws Exceeded for what was not approved. */
export async function measured(
  session: Queryable,
  sql: string,
  expected: Expected,
  work: () => Promise<void>,
): Promise<Came> {
  const { approved, atItsWord, trusted } = expected
  const came = await measure(session, sql, expected, work)
  const open = trusted || (approved.length === 0 && atItsWord) ? came.beyond : came.took
  const exceeding = open.filter((effect) => !isCovered(effect, approved))
  if (exceeding.length === 0) return came
  const oids = new Set(exceeding.flatMap(({ at }) => at.map(({ oid }) => oid)))
  throw new Exceeded(
    came.took,
    came.unkept.filter((oid) => oids.has(oid)),
  )
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
    // After a lost session or a canceled statement this fails as well, with the better error.
    await session.query('rollback to savepoint esa_rows; release savepoint esa_rows')
    // Refused by a policy, or values that do not go back to the types that they had.
    if (!/^(?:22|42)/.test(sqlState(error) ?? '')) throw error
    return otherwise
  }
}

/** The rows of tables, by the oids of these or of their partitions. */
type Rows = { oids: string[]; kept: Kept }[]

async function keepRows(session: Queryable, oids: string[]): Promise<Rows> {
  if (oids.length === 0) return []
  const shapes = await onOwnPath(session, () => tableShapes(session))
  const parts = shapes.filter(({ oid }) => oids.includes(String(oid)))
  const roots = Map.groupBy(parts, ({ root, oid }) => root ?? oid)
  const rows: Rows = []
  for (const [root, tables] of roots) {
    const table = shapes.find(({ oid }) => oid === root)
    if (table === undefined) continue
    const name = quoteRelation(table.schema, table.name)
    const kept = await seeingAll(session, null, async () => {
      await session.query(`lock table ${name} in share row exclusive mode`)
      const { rows: counts } = await session.query(
        `select count(*)::float8 as n from (select from ${name} limit ${ROWS_MAX + 1}) few`,
      )
      if (Number(counts[0]?.['n']) > ROWS_MAX) return null
      return await keepRowsOf(session, table)
    })
    if (kept !== null) rows.push({ oids: tables.map(({ oid }) => String(oid)), kept })
  }
  return rows
}

/** The oids of tables that hold every row that was kept, and no other. */
async function sameRows(session: Queryable, rows: Rows): Promise<Set<string>> {
  const same = new Set<string>()
  for (const { oids, kept } of rows) {
    const equal = await seeingAll(session, false, () => hasSameRows(session, kept))
    if (equal) for (const oid of oids) same.add(oid)
  }
  return same
}
