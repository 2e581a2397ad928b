import { isEsaError } from '@esa/protocol'
import { Pool } from 'pg'
import { isHarmlessFunction } from '../src/guard/harmless-functions.ts'
import { runGuarded } from './run-guarded.ts'
import type { Queryable } from '../src/sql/queryable.ts'
import {
  attributeForms,
  CONTROLS,
  formsOf,
  harmfulFunctions,
  hiddenQueries,
  hidingSchema,
} from './attack-forms.ts'

/** What an attack came to. */
export interface Attack {
  /** Functions of `pg_proc` that are not on the list and can be called, those that are, and those only the server calls. */
  functions: number
  listed: number
  internal: number
  attempts: number
  /** Statements that ran to an answer although they call what is not on the list. */
  ran: string[]
}

/**
 * How much is tried: every function in all notations, or of a `sample` every n-th function in one notation, each in its turn,
 * and few of these hidden in all ways.
 */
export interface AttackScope {
  sample?: number
  onProgress?: (done: number, of: number) => void
}

/** A statement that runs longer than this is stopped, and has run, ms. */
const TIMEOUT_MS = 5_000

/** Of a sample, so many functions are tried before one is hidden. */
const HIDDEN_EVERY = 10

/** Everything that the tried functions could change, as far as the server tells. */
async function state(session: Queryable): Promise<string> {
  const { rows } =
    await session.query(`select (select count(*) from pg_locks where locktype = 'advisory') as locks,
    (select string_agg(oid::text, ',' order by oid) from pg_largeobject_metadata) as large_objects,
    (select count(*) from pg_replication_slots) as slots, pg_conf_load_time() as loaded,
    (select count(*) from pg_class) as relations, (select count(*) from pg_proc) as functions,
    (select stats_reset from pg_stat_database where datname = current_database()) as reset`)
  return JSON.stringify(rows)
}

/**
 * Calls every function of the server's catalog that is not on the list, in its notations, through the guard, as the role of
 * the pool.
 * @throws Error when the state of the server is another afterwards, or a form is refused whatever it calls.
 */
export async function attack(pool: Pool, scope: AttackScope = {}): Promise<Attack> {
  const { sample = 1, onProgress } = scope
  const { rows } = await pool.query(`select current_setting('server_version_num')::int / 10000 as major`)
  const isListed = (signature: string): boolean => isHarmlessFunction(rows[0].major as number, signature)
  const { callable, listed, internal } = await harmfulFunctions(pool, isListed)
  const result: Attack = { functions: callable.length, listed, internal, attempts: 0, ran: [] }
  await pool.query('drop schema if exists hidden cascade')
  const before = await state(pool)
  const attempt = async (sql: string): Promise<boolean> => {
    result.attempts += 1
    const run = runGuarded(pool, sql, { timeoutMs: TIMEOUT_MS, prefix: 'EXPLAIN (ANALYZE) ' })
    return run.then(
      () => true,
      (error: unknown) => {
        // A server that is gone refuses nothing; what was stopped had begun.
        if (isEsaError(error, 'database.unreachable')) throw error
        return isEsaError(error, 'database.timeout')
      },
    )
  }
  for (const one of CONTROLS) {
    for (const ddl of hidingSchema(one)) await pool.query(ddl).catch(() => undefined)
    for (const sql of [...formsOf(one), ...hiddenQueries(one)])
      if (!(await attempt(sql))) throw new Error(`a form is refused whatever it calls: ${sql}`)
  }
  for (const [nth, one] of callable.entries()) {
    onProgress?.(nth, callable.length)
    if (nth % sample !== 0) continue
    const direct = formsOf(one)
    for (const sql of sample === 1 ? direct : [direct[(nth / sample) % direct.length]!])
      if (await attempt(sql)) result.ran.push(sql)
    if (sample !== 1 && nth % (sample * HIDDEN_EVERY) !== 0) continue
    // A form that this server does not take hides nothing; its queries then fail by themselves.
    for (const ddl of hidingSchema(one)) await pool.query(ddl).catch(() => undefined)
    for (const sql of hiddenQueries(one)) if (await attempt(sql)) result.ran.push(sql)
    if (one.args.length === 1)
      await pool.query(`drop cast if exists (${one.args[0]} as ${one.returns})`).catch(() => undefined)
  }
  await pool.query('drop schema if exists hidden cascade')
  for (const { sql, signature } of sample === 1 ? await attributeForms(pool) : [])
    if ((await attempt(sql)) && !isListed(signature)) result.ran.push(sql)
  const after = await state(pool)
  if (after !== before) throw new Error(`something acted: ${before} ${after}`)
  return result
}

const HELP = `Calls every function of a server that acts, in every notation, through the guard, and says what ran.
The URL names an empty database of a superuser, on a server that serves nothing else. Exits 1 when anything ran.

Usage: node packages/database/catalog/testing/attack-guard.ts URL

Example:
  node packages/database/catalog/testing/attack-guard.ts postgresql://postgres@127.0.0.1:5418/attacked
`

if (process.argv[1]?.endsWith('attack-guard.ts') === true) {
  const [url] = process.argv.slice(2)
  if (url === undefined || url === '--help') {
    process.stdout.write(HELP)
    process.exit(url === undefined ? 2 : 0)
  }
  const pool = new Pool({ connectionString: url, max: 3 })
  const onProgress = (done: number, of: number): void =>
    void process.stderr.write(`\r${done} of ${of} functions`)
  const { functions, listed, internal, attempts, ran } = await attack(pool, { onProgress })
  process.stderr.write('\n')
  process.stdout
    .write(`${listed + functions + internal} functions: ${listed} on the list, ${internal} that no query can call,
${functions} tried in ${attempts} statements, ${ran.length} ran\n${ran.join('\n')}\n`)
  await pool.end()
  process.exit(ran.length === 0 ? 0 : 1)
}
