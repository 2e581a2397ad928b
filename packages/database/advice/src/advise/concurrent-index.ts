import { createIndexSql, EsaError } from '@esa/protocol'
import {
  type Clock,
  systemClock,
  quoteIdentifier,
  quoteRelation,
  postgresError,
  onOneSession,
  type Queryable,
} from '@esa/database-catalog/sql'
import type { ProposedIndex } from '../measure/index-proposal.ts'

/** How far a build has come, as pg_stat_progress_create_index tells it. */
interface BuildProgress {
  phase: string
  done: number
  total: number
}

/** How an index is built. */
export interface BuildOptions {
  /** Longest wait for a lock or an old transaction in one attempt, 10 s by default. */
  lockTimeoutMs?: number
  /** Attempts before giving up, 3 by default. */
  attempts?: number
  /** Watches the build over a second session. */
  progress?: { watch: Queryable; onProgress: (progress: BuildProgress) => void }
  clock?: Clock
}

/** A built index: `ms` the whole work in milliseconds, `built` false when it was there already. */
export interface BuiltIndex {
  index: string
  ms: number
  sizeBytes: number
  built: boolean
}

const LOCK_TIMEOUT_MS = 10_000
const ATTEMPTS = 3

/** Pause before the next attempt, times the attempt's number: what held the lock gets time to end. */
const RETRY_PAUSE_MS = 1_000

/** Time between two looks at the progress. */
const PROGRESS_MS = 250

interface Standing {
  name: string
  valid: boolean
  same: boolean
  building: boolean
  sizeBytes: number
}

/** Indexes of the table that bear the name or do the same work, the valid ones first. */
const STANDING = `select ic.relname as name, i.indisvalid as valid, pg_relation_size(ic.oid)::float8 as size,
  tn.nspname = $1 and tc.relname = $2 and am.amname = 'btree' and not i.indisunique and i.indpred is null
    and i.indexprs is null and i.indnkeyatts = i.indnatts and not exists (select from unnest(i.indoption::int2[]) o where o <> 0)
    and not exists (select from unnest(i.indkey::int2[], i.indcollation::oid[], i.indclass::oid[]) k(attnum, coll, class)
      join pg_attribute a on a.attrelid = tc.oid and a.attnum = k.attnum join pg_opclass o on o.oid = k.class
      where a.attcollation <> k.coll or not o.opcdefault)
    and (select json_agg(a.attname order by k.nth) from unnest(i.indkey::int2[]) with ordinality k(attnum, nth)
      join pg_attribute a on a.attrelid = tc.oid and a.attnum = k.attnum)::jsonb = $4::jsonb as same,
  exists (select from pg_stat_progress_create_index p where p.index_relid = ic.oid) as building
  from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_am am on am.oid = ic.relam
  join pg_class tc on tc.oid = i.indrelid join pg_namespace tn on tn.oid = tc.relnamespace
  where tn.nspname = $1 and (ic.relname = $3 or tc.relname = $2)`

async function standing(session: Queryable, index: ProposedIndex): Promise<Standing | undefined> {
  const { schema, relation, name, columns } = index
  const { rows } = await session.query(STANDING, [schema, relation, name, JSON.stringify(columns)])
  const all = rows.map((row): Standing => ({
    name: String(row['name']),
    valid: row['valid'] === true,
    same: row['same'] === true,
    building: row['building'] === true,
    sizeBytes: Number(row['size']),
  }))
  return all.find((one) => one.same && one.valid) ?? all.find((one) => one.name === name)
}

function refuse(code: string, kind: 'terminal' | 'transient', message: string, hint: string): EsaError {
  return new EsaError(`index.${code}`, kind, message, { hint })
}

/** Drops what an earlier build left behind: an INVALID index costs every write and serves no query. */
async function clear(session: Queryable, index: ProposedIndex): Promise<void> {
  const left = await standing(session, index)
  if (!left || (left.valid && left.same)) return
  if (left.valid || !left.same) {
    throw refuse(
      'name-taken',
      'terminal',
      `"${left.name}" is another index`,
      'rename it, or choose another name',
    )
  }
  if (left.building) {
    throw refuse(
      'being-built',
      'transient',
      `another session is building "${left.name}"`,
      'wait until it is done',
    )
  }
  await session.query(`DROP INDEX CONCURRENTLY IF EXISTS ${quoteRelation(index.schema, left.name)}`)
}

async function look(watch: Queryable): Promise<BuildProgress | undefined> {
  const { rows } = await watch.query(
    `select phase, greatest(blocks_done, tuples_done)::float8 as done, greatest(blocks_total, tuples_total)::float8 as total
     from pg_stat_progress_create_index where datname = current_database() limit 1`,
  )
  const row = rows[0]
  return row && { phase: String(row['phase']), done: Number(row['done']), total: Number(row['total']) }
}

async function watched(build: Promise<unknown>, { progress }: BuildOptions, clock: Clock): Promise<void> {
  if (!progress) return void (await build)
  const ended = build.then(() => true)
  while (!(await Promise.race([ended, clock.pause(PROGRESS_MS).then(() => false)]))) {
    // Who only watches must not end a build.
    const seen = await look(progress.watch).catch(() => undefined)
    if (seen) progress.onProgress(seen)
  }
}

async function buildOnce(
  session: Queryable,
  index: ProposedIndex,
  options: BuildOptions,
  clock: Clock,
): Promise<void> {
  await clear(session, index)
  if ((await standing(session, index))?.valid) return
  const build = session.query(createIndexSql(index))
  try {
    await watched(build, options, clock)
  } catch (error) {
    // The leftover is dropped on the next attempt as well; a failure here must not hide the first one.
    await clear(session, index).catch(() => undefined)
    throw error
  }
}

async function build(
  session: Queryable,
  index: ProposedIndex,
  options: BuildOptions,
  clock: Clock,
): Promise<void> {
  const attempts = options.attempts ?? ATTEMPTS
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await buildOnce(session, index, options, clock)
    } catch (thrown) {
      const error = postgresError(thrown)
      if (error.kind !== 'transient' || error.code === 'database.unreachable' || attempt >= attempts)
        throw error
      await clock.pause(RETRY_PAUSE_MS * attempt)
    }
  }
}

/**
 * Builds a B-tree index without blocking writes and analyses its table; an index that does the same work already is
 * success, an INVALID leftover of its own name is dropped and built again. Needs a session of its own outside any
 * transaction: not through a transaction-mode pooler. The statement is made from the names, `ddl` is never run.
 * @throws EsaError `index.name-taken` (terminal), `index.being-built`, `database.locked` (transient).
 */
export async function buildIndexConcurrently(
  queryable: Queryable,
  index: ProposedIndex,
  options: BuildOptions = {},
): Promise<BuiltIndex> {
  const clock = options.clock ?? systemClock
  const from = clock.now()
  return onOneSession(queryable, async (session) => {
    try {
      const before = await standing(session, index)
      if (before?.valid && before.same) {
        return {
          index: before.name,
          ms: Math.round(clock.now() - from),
          sizeBytes: before.sizeBytes,
          built: false,
        }
      }
      await session.query(`select set_config('lock_timeout', $1, false)`, [
        `${options.lockTimeoutMs ?? LOCK_TIMEOUT_MS}ms`,
      ])
      try {
        await build(session, index, options, clock)
        await session.query(`ANALYZE ${quoteRelation(index.schema, index.relation)}`)
      } finally {
        await session.query('RESET lock_timeout').catch(() => undefined)
      }
      const after = await standing(session, index)
      if (!after?.valid)
        throw refuse('invalid', 'transient', `${quoteIdentifier(index.name)} is invalid`, 'try again')
      return {
        index: after.name,
        ms: Math.round(clock.now() - from),
        sizeBytes: after.sizeBytes,
        built: true,
      }
    } catch (error) {
      throw postgresError(error)
    }
  })
}
