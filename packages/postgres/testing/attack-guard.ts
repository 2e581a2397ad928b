import { Pool } from 'pg'
import { isHarmlessFunction } from '../src/guard/harmless-functions.ts'
import { runGuarded } from '../src/guard/run-guarded.ts'
import type { Queryable } from '../src/queryable.ts'
import { formsOf, harmfulFunctions, hiddenForms } from './attack-forms.ts'

/** What an attack came to. */
export interface Attack {
  functions: number
  attempts: number
  /** Statements that ran to an answer although they call what is not on the list. */
  ran: string[]
}

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
 * Calls every function of the server's catalog that is not on the list, in every notation, through the guard, as the role of
 * the pool. Of every `step`-th function only, for a bounded run.
 * @throws Error when the state of the server is another afterwards.
 */
export async function attack(pool: Pool, step = 1): Promise<Attack> {
  const { rows } = await pool.query(`select current_setting('server_version_num')::int / 10000 as major`)
  const harmful = (
    await harmfulFunctions(pool, (signature) => isHarmlessFunction(rows[0].major as number, signature))
  ).filter((_, nth) => nth % step === 0)
  const before = await state(pool)
  const result: Attack = { functions: harmful.length, attempts: 0, ran: [] }
  const attempt = async (sql: string): Promise<void> => {
    result.attempts += 1
    const run = runGuarded(pool, sql, { timeoutMs: 2_000, prefix: 'EXPLAIN (ANALYZE) ' })
    await run.then(
      () => result.ran.push(sql),
      () => undefined,
    )
  }
  for (const [nth, one] of harmful.entries()) {
    for (const sql of formsOf(one)) await attempt(sql)
    const hidden = hiddenForms(one, nth)
    if (!hidden) continue

    // A form that this server does not take hides nothing; its queries then fail by themselves.
    for (const ddl of hidden.ddl) await pool.query(ddl).catch(() => undefined)
    for (const sql of hidden.queries) await attempt(sql)
    await pool.query(`drop domain if exists hidden_${nth}_d cascade; drop type if exists hidden_${nth}_t cascade;
      drop view if exists hidden_${nth}_v; drop function if exists hidden_${nth}_f`)
    await pool.query(`drop operator if exists public.@#@ (none, ${one.args[0]})`)
  }
  const after = await state(pool)
  if (after !== before) throw new Error(`something acted: ${before} ${after}`)
  return result
}

const HELP = `Calls every function of a server that acts, in every notation, through the guard, and says what ran.
The URL names an empty database of a superuser, on a server that serves nothing else. Exits 1 when anything ran.

Usage: node packages/postgres/testing/attack-guard.ts URL

Example:
  node packages/postgres/testing/attack-guard.ts postgresql://postgres@127.0.0.1:5418/attacked
`

if (process.argv[1]?.endsWith('attack-guard.ts') === true) {
  const [url] = process.argv.slice(2)
  if (url === undefined || url === '--help') {
    process.stdout.write(HELP)
    process.exit(url === undefined ? 2 : 0)
  }
  const pool = new Pool({ connectionString: url, max: 3 })
  const { functions, attempts, ran } = await attack(pool)
  process.stdout.write(`${functions} functions, ${attempts} attempts, ${ran.length} ran\n${ran.join('\n')}\n`)
  await pool.end()
  process.exit(ran.length === 0 ? 0 : 1)
}
