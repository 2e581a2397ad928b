import { setTimeout as timer } from 'node:timers'
import { sqlState, type Queryable, type ParsedStatement } from '@esa/database-catalog/sql'
import { columnsBefore, droppedSince } from './dropped-by-code.ts'
import type { StatementFacts } from './facts.ts'
import { created, type Look, look, namedLocks, type Relations, rewritten, scanned } from './observe.ts'
import { manualLocks } from './manual-locks.ts'
import { namedRelations, stepThrough } from './step-through.ts'
import { type Watched, watchStatement } from './watch-statement.ts'

/** Where statements are tried: one session, and the pool it is from, to look on from outside. */
export interface Stage {
  pool: Queryable
  session: Queryable
  pid: number
  /** server_version_num. */
  version: number
  /** The statements of the file so far; null where they are not tried as they are written. */
  earlier: readonly ParsedStatement[] | null
}

/** What one try showed; `after` is null when there is nothing new to see. */
export type Attempt = Pick<StatementFacts, 'locks' | 'rewrites' | 'scans' | 'created' | 'failure'> & {
  after: Look | null
  /** Its locks were not seen: those given, if any, are the manual's. */
  unseen?: boolean
  held?: NonNullable<StatementFacts['held']>
  /** IF EXISTS found nothing to drop. */
  vacuous?: boolean
  dropped?: NonNullable<StatementFacts['dropped']>
} & Partial<Watched>

const NOTHING = { locks: [], rewrites: [], scans: [], created: [] }

/** Catalogs of what DROP takes away, besides relations. */
const DROPPABLE = ['pg_proc', 'pg_type', 'pg_trigger', 'pg_policy', 'pg_extension', 'pg_class']

/** Longest that one statement is tried: a loop in a script must not hold up the answer for ever. */
const STATEMENT_MS = 30_000

/**
 * Tries a statement in a transaction, and looks at its locks, files and scans before that ends. `own`: in one of its
 * own, which is committed; else behind a savepoint of the script's.
 */
export async function tryInside(
  stage: Stage,
  statement: ParsedStatement,
  now: Look,
  own: boolean,
): Promise<Attempt> {
  const { session } = stage
  await session.query(own ? 'BEGIN' : 'SAVEPOINT esa_lint')
  try {
    const from = await look(session, now)
    const objects = await objectsBefore(session, statement)
    const columns = await columnsBefore(session, statement)
    const earlier = own ? stage.earlier : null
    const watched = await watchStatement(session, statement, { before: from.relations, earlier })
    await inTime(stage, session.query(statement.text))
    const after = await look(session, from)
    const vacuous = objects !== null && objects === (await objectsBefore(session, statement))
    const dropped = await droppedSince(session, columns)
    const more = await watched()
    await session.query(own ? 'COMMIT' : 'RELEASE SAVEPOINT esa_lint')
    const { scans, ...facts } = difference(from, after)
    // What TRUNCATE reads is the new, empty file.
    const read = statement.kind === 'TruncateStmt' ? [] : scans
    const held = namedLocks(from.locks, from.relations)
    return { ...facts, ...more, scans: read, held, failure: null, after, vacuous, dropped }
  } catch (error) {
    await session.query(own ? 'ROLLBACK' : 'ROLLBACK TO SAVEPOINT esa_lint')
    // A body that commits is refused inside a transaction.
    if (own && sqlState(error) === '2D000') return tryAlone(stage, statement, now)
    return { ...NOTHING, failure: failureOf(error), after: null }
  }
}

/** How many objects there are, where DROP ... IF EXISTS may find none to drop; null for any other statement. */
async function objectsBefore(session: Queryable, { node }: ParsedStatement): Promise<number | null> {
  if (!('DropStmt' in node) || node.DropStmt.missing_ok !== true) return null
  const counts = DROPPABLE.map((catalog) => `(select count(*) from ${catalog})`)
  const { rows } = await session.query(`select ${counts.join(' + ')} as objects`)
  return Number(rows[0]!['objects'])
}

function difference(from: Look, after: Look): Omit<Attempt, 'failure' | 'after'> {
  const before = from.relations
  const held = new Set(from.locks.map(({ oid, mode }) => `${oid} ${mode}`))
  const taken = after.locks.filter(({ oid, mode }) => !held.has(`${oid} ${mode}`))
  return {
    locks: namedLocks(taken, before),
    rewrites: rewritten(before, after.relations),
    scans: scanned(from.scans, after.scans, before),
    created: created(before, after.relations),
  }
}

/** Tries a statement that refuses a transaction: it is held up at each of its locks, and looked at while it waits. */
export async function tryAlone(stage: Stage, statement: ParsedStatement, now: Look): Promise<Attempt> {
  const { session } = stage
  const before = now.relations
  const columns = await columnsBefore(session, statement)
  const from = await scansSoFar(stage)
  const body = await bodyOf(session, statement)
  // A short patience would end the waiting that shows the locks.
  const { rows } = await session.query(
    `select current_setting('lock_timeout') as patience, set_config('lock_timeout', '0', false)`,
  )
  try {
    const seen = await stepThrough(stage, { statement, body, before }, () =>
      inTime(stage, session.query(statement.text)),
    )
    const after = await look(session, now)
    const rewrites = rewritten(before, after.relations)
    const locks = seen === null ? [] : namedLocks(seen, before)
    return {
      locks: locks.length > 0 ? locks : manualLocks(statement, before, rewrites),
      rewrites,
      scans: scanned(from, await scansSoFar(stage), before),
      created: created(before, after.relations),
      failure: null,
      after,
      dropped: await droppedSince(session, columns),
      unseen: locks.length === 0 && !isIdle(statement, before),
    }
  } catch (error) {
    return { ...NOTHING, failure: failureOf(error), after: await look(session, now) }
  } finally {
    await session.query(`select set_config('lock_timeout', $1, false)`, [rows[0]!['patience']])
  }
}

/** True for what locks nothing: DISCARD ALL, and a command on what is not there, as IF EXISTS allows. */
function isIdle({ node }: ParsedStatement, before: Relations): boolean {
  const named = [...namedRelations(node)]
  return 'DiscardStmt' in node || (named.length > 0 && named.every((name) => before.find(name) === undefined))
}

/** The code that a statement runs: a DO block's own, or that of the procedure it calls. */
async function bodyOf(session: Queryable, { node, text }: ParsedStatement): Promise<string> {
  if ('DoStmt' in node) return text
  const name = 'CallStmt' in node ? node.CallStmt.funccall?.funcname?.at(-1) : undefined
  if (name === undefined || !('String' in name)) return ''
  const { rows } = await session.query(
    `select prosrc as body from pg_proc where proname = $1 and prokind = 'p'`,
    [name.String.sval],
  )
  return rows.map(({ body }) => String(body)).join(' ')
}

/** Sequential scans by table since the database began, this session's included. */
async function scansSoFar({ session, version }: Stage): Promise<Map<number, number>> {
  // Servers before 15 send them late, and cannot be hurried.
  if (version >= 150_000) await session.query('select pg_stat_force_next_flush()')
  const { rows } = await session.query(
    'select relid::int8::float8 as relid, seq_scan::float8 as seq_scan from pg_stat_user_tables',
  )
  return new Map(rows.map(({ relid, seq_scan: scans }) => [Number(relid), Number(scans)]))
}

/**
 * Runs what is not a statement of a schema: BEGIN, COMMIT, SET TRANSACTION. `inside`: a failure would abort the
 * transaction around it, and must not.
 */
export async function finishIn(
  stage: Stage,
  run: () => Promise<unknown>,
  now: Look,
  inside = false,
): Promise<Attempt> {
  const { session } = stage
  if (inside) await session.query('SAVEPOINT esa_lint')
  try {
    await inTime(stage, run())
    return { ...NOTHING, failure: null, after: await look(session, now) }
  } catch (error) {
    await session.query(inside ? 'ROLLBACK TO SAVEPOINT esa_lint' : 'ROLLBACK')
    return { ...NOTHING, failure: failureOf(error), after: await look(session, now) }
  }
}

function failureOf(error: unknown): NonNullable<StatementFacts['failure']> {
  return {
    message: error instanceof Error ? error.message : String(error),
    sqlState: sqlState(error) ?? null,
  }
}

/** Waits for work of the stage's session, and ends it when it takes too long. */
export async function inTime<T>({ pool, pid }: Pick<Stage, 'pool' | 'pid'>, work: Promise<T>): Promise<T> {
  let late = false
  const limit = timer(() => {
    late = true
    // Where it cannot be canceled, its end is waited for.
    pool.query('select pg_cancel_backend($1)', [pid]).catch(() => undefined)
  }, STATEMENT_MS)
  try {
    return await work
  } catch (cause) {
    if (!late) throw cause
    throw new Error(
      `it still ran after ${STATEMENT_MS / 1_000} s on an almost empty copy, and was cancelled`,
      { cause },
    )
  } finally {
    clearTimeout(limit)
  }
}
