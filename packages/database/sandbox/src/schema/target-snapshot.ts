import { EsaError } from '@esa/protocol'
import { postgresError, onOneSession, type Queryable, OWN_MARK, toOwnPath } from '@esa/database-catalog/sql'

/** Oldest server whose catalogs are understood. Source: docs/cli.md, "Layer 1". */
const VERSION_MIN = 14

/** Longest that one look at the catalogs may take, ms: a server that needs more has other worries. */
const CATALOG_TIMEOUT_MS = 60_000

/** A moment of a database, seen from one session that cannot write. */
export interface TargetSnapshot {
  session: Queryable
  /** Major version of its server. */
  version: number
  /** Settings of the target's own session by name, as they were before the snapshot changed any. */
  settings: Map<string, string>
}

/** Settings under which the same statement means, or costs, something else; and those of the database that only its own functions know. */
const SETTINGS = `select name, case name when 'search_path' then $1 else current_setting(name) end as value from pg_settings
  where name in ('TimeZone', 'DateStyle', 'IntervalStyle', 'search_path', 'work_mem')
    or (category like 'Query Tuning%' and source <> 'default' and context in ('user', 'superuser'))
  union all select split_part(s, '=', 1), substr(s, strpos(s, '=') + 1) from pg_db_role_setting r, unnest(r.setconfig) s
  where r.setrole = 0 and r.setdatabase = (select oid from pg_database where datname = current_database())
    and split_part(s, '=', 1) like '%.%' and not exists (select from pg_settings where name = split_part(s, '=', 1))`

/**
 * Names come out in full, and values as every version reads them, whatever the target's settings are. Scans begin at the first page,
 * so that rows keep their order: BRIN indexes and the planner's correlation depend on it.
 */
const PLAIN = `select set_config('search_path', '', true), set_config('DateStyle', 'ISO, YMD', true), set_config('IntervalStyle', 'postgres', true),
  set_config('extra_float_digits', '3', true), set_config('quote_all_identifiers', 'off', true), set_config('row_security', 'off', true),
  set_config('lock_timeout', '5s', true), set_config('synchronize_seqscans', 'off', true),
  set_config('statement_timeout', case current_setting('statement_timeout') when '0' then $1 else current_setting('statement_timeout') end, true)`

/**
 * Lets `work` look at one moment of a database, in a read-only transaction that is rolled back: nothing can be written through it, and it takes no lock that a writer waits for.
 * @throws EsaError `database.version` (terminal) below PostgreSQL 14, `database.*`.
 */
export async function inTargetSnapshot<T>(
  from: Queryable,
  work: (snapshot: TargetSnapshot) => Promise<T>,
): Promise<T> {
  return onOneSession(from, async (given) => {
    const session = markedAsOwn(given)
    try {
      await session.query('begin isolation level repeatable read read only')
      try {
        const path = await toOwnPath(session)
        const version = await supportedVersion(session)
        const { rows } = await session.query(SETTINGS, [path])
        const settings = new Map(rows.map(({ name, value }) => [String(name), String(value)]))
        await session.query(PLAIN, [`${CATALOG_TIMEOUT_MS}ms`])
        return await work({ session, version, settings })
      } finally {
        await session.query('rollback').catch(() => undefined)
      }
    } catch (error) {
      throw postgresError(error)
    }
  })
}

/** The same session, whose statements say that they are ours: copying a target must not count as its traffic. */
function markedAsOwn(session: Queryable): Queryable {
  const marked = (text: string): string => text.replace(/\bselect\b/i, `$& ${OWN_MARK}`)
  return {
    query: (statement, values) =>
      session.query(
        typeof statement === 'string' ? marked(statement) : { ...statement, text: marked(statement.text) },
        values,
      ),
  }
}

async function supportedVersion(session: Queryable): Promise<number> {
  const { rows } = await session.query(`select current_setting('server_version_num')::int / 10000 as version`)
  const version = Number(rows[0]?.['version'])
  if (version >= VERSION_MIN) return version
  throw new EsaError(
    'database.version',
    'terminal',
    `PostgreSQL ${version} is older than what is understood here`,
    {
      hint: `Layer 1 reads PostgreSQL ${VERSION_MIN} to 18`,
    },
  )
}
