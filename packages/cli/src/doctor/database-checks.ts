import { setTimeout as wait } from 'node:timers/promises'
import { connectPool, describeUrl, embeddedServerStatus, isPooler, mapPgError } from '@esa/pg-server'
import { type LogGuard, logGuard, RUNTIME_RIGHTS, schemaState, type SchemaState } from '@esa/store'
import type { Pool } from 'pg'
import type { Config } from '../config.ts'
import { type Check, checked, failed, skipped } from './check.ts'
import { RUNTIME_CHECKS, runtimeChecks } from './runtime-checks.ts'

const DATABASE_CHECKS = ['database', 'clock', 'schema', 'rights', 'log', 'listen'] as const

/** The oldest PostgreSQL that its makers still mend. */
const VERSION_MIN = 14

/** Deadlines are kept by the database's clock alone; beyond this, logs of two machines no longer fit together, ms. */
const SKEW_MAX_MS = 1_000

/** A notification that takes longer wakes no worker in time: workers poll every 500 ms, ms. */
const NOTIFIED_WITHIN_MS = 2_000

const CHANNEL = 'esa_doctor'

/**
 * The database of this world and what the runtime keeps there. Nothing is started and nothing changed: an embedded server
 * that does not run is left so.
 */
export async function databaseChecks(config: Config): Promise<Check[]> {
  const rest = [...DATABASE_CHECKS.slice(1), ...RUNTIME_CHECKS]
  try {
    const url = config.databaseUrl ?? (await embeddedServerStatus({ home: config.home })).server?.runtimeUrl
    if (url === undefined) {
      const message = 'the embedded database does not run; any command that needs it starts it'
      return skipped([DATABASE_CHECKS[0], ...rest], message)
    }
    return await ofServer(config, url)
  } catch (error) {
    return [failed(DATABASE_CHECKS[0], error), ...skipped(rest, 'the database does not answer')]
  }
}

async function ofServer(config: Config, url: string): Promise<Check[]> {
  const pool = await connectPool(url, { max: 2, applicationName: 'esa doctor' })
  try {
    const server = await pool.query<{ version: string; number: number }>(
      `select current_setting('server_version') as version, current_setting('server_version_num')::int as number`,
    )
    const { version, number } = server.rows[0]!
    const place = `PostgreSQL ${version}, ${describeUrl(url)}`
    const tooOld = number < VERSION_MIN * 10_000
    const database: Check = tooOld
      ? { name: 'database', status: 'error', message: place, fix: `use PostgreSQL ${VERSION_MIN} or newer` }
      : { name: 'database', status: 'ok', message: place }
    const state = await schemaState(url)
    const checks = await Promise.all([
      checked('clock', () => clock(pool)),
      checked('schema', () => schema(state)),
      checked('rights', () => rights(pool, state)),
      state === 'current' ? checked('log', async () => log(await logGuard(url))) : noLog(state),
      checked('listen', () => listens(pool, url)),
    ])
    return [database, ...checks, ...(await runtimeChecks(config, url, state))]
  } catch (error) {
    throw mapPgError(error)
  } finally {
    await pool.end()
  }
}

async function clock(pool: Pool): Promise<Omit<Check, 'name'>> {
  const before = Date.now()
  const { rows } = await pool.query<{ now: number }>(
    'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now',
  )
  const skew = Math.round(rows[0]!.now - (before + Date.now()) / 2)
  const message = `this machine and the database are ${Math.abs(skew)} ms apart`
  if (Math.abs(skew) <= SKEW_MAX_MS) return { status: 'ok', message }
  const fix = 'set both clocks by NTP; deadlines hold all the same, by the database’s clock'
  return { status: 'warning', message, fix }
}

function schema(state: SchemaState): Omit<Check, 'name'> {
  if (state === 'current') return { status: 'ok', message: 'the schema is current' }
  const message = `the schema is ${state}`
  if (state === 'absent') return { status: 'ok', message: `${message}; the first command makes it` }
  if (state === 'older') return { status: 'error', message, fix: 'run: esa migrate' }
  const fix = 'update this checkout, or point DATABASE_URL elsewhere'
  return { status: 'error', message: 'the schema was migrated by a newer version of esa', fix }
}

async function rights(pool: Pool, state: SchemaState): Promise<Omit<Check, 'name'>> {
  const wanted = Object.entries(state === 'absent' ? {} : RUNTIME_RIGHTS)
  const { rows } = await pool.query<{ lacking: string[]; reading: boolean }>(
    `select pg_is_in_recovery() as reading, array_remove(array[
       case when not has_database_privilege(current_database(), 'CREATE') then 'CREATE on the database' end,
       case when ${state === 'absent' ? 'false' : `not has_schema_privilege('esa', 'USAGE')`} then 'USAGE on schema esa' end
     ], null) || array(
       select format('%s on esa.%I', lower(what), "table") from unnest($1::text[], $2::text[]) as w("table", what)
       where not coalesce(has_table_privilege(to_regclass(format('esa.%I', "table")), what), true)
     ) as lacking`,
    [wanted.flatMap(([table, all]) => all.map(() => table)), wanted.flatMap(([, all]) => all)],
  )
  const { lacking, reading } = rows[0]!
  if (reading) {
    const fix = 'name the primary: this is a standby'
    return { status: 'error', message: 'the database only answers reads', fix }
  }
  if (lacking.length === 0) return { status: 'ok', message: 'the user may do all that the runtime does' }
  const message = `the user lacks ${lacking.slice(0, 3).join(', ')}${lacking.length > 3 ? ' and more' : ''}`
  return { status: 'error', message, fix: 'run esa migrate as the owner (ESA_OWNER_URL), which grants it' }
}

const OPEN_LOG: Record<NonNullable<LogGuard['why']>, string> = {
  superuser: 'is a superuser',
  owner: 'owns the log, or is a member of the role that does',
  rights: 'was given more than SELECT and INSERT on the log',
}

/** Whether the database itself keeps the runtime's role from rewriting the log. */
function log({ role, owner, why }: LogGuard): Omit<Check, 'name'> {
  if (why === null)
    return { status: 'ok', message: `${role} may add to the log and no more; ${owner} owns it` }
  const message = `${role} ${OPEN_LOG[why]}: triggers and hash chains alone guard the log`
  if (why === 'rights')
    return {
      status: 'warning',
      message,
      fix: 'run esa migrate as the owner (ESA_OWNER_URL), which revokes it',
    }
  const fix = `create role esa_runtime login password '...'; then DATABASE_URL as esa_runtime, ESA_OWNER_URL as ${role}, and: esa migrate`
  return { status: 'warning', message, fix }
}

function noLog(state: SchemaState): Check {
  return { name: 'log', status: 'skipped', message: `the schema is ${state}` }
}

async function listens(pool: Pool, url: string): Promise<Omit<Check, 'name'>> {
  const polled: Omit<Check, 'name'> = {
    status: 'warning',
    message: 'no notification comes through, so workers poll every 500 ms',
    fix: 'let DATABASE_URL name the database itself instead of its pooler',
  }
  if (isPooler(url)) return polled
  const client = await pool.connect()
  try {
    const heard = new Promise<boolean>((resolve) => client.once('notification', () => resolve(true)))
    await client.query(`listen ${CHANNEL}`)
    await pool.query(`notify ${CHANNEL}`)
    const end = new AbortController()
    const silence = wait(NOTIFIED_WITHIN_MS, false, { signal: end.signal }).catch(() => false)
    const came = await Promise.race([heard, silence])
    end.abort()
    return came ? { status: 'ok', message: 'workers are woken by notifications' } : polled
  } finally {
    client.release(true)
  }
}
