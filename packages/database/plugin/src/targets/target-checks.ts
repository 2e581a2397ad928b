import { connectPool, embeddedServerStatus, isLoopback, isPooler, mapPgError } from '@esa/pg-server'
import type { Config } from '../config.ts'
import { readTargets, resolveTarget } from './targets.ts'
import { checked } from '@esa/cli/plugin-kit'
import type { Check } from '@esa/operations/plugin'

/** Whether the extension is there, and could be; whether it is loaded, null where this role may not see that. */
const STATEMENTS = `select exists (select from pg_extension where extname = 'pg_stat_statements') as installed,
  exists (select from pg_available_extensions where name = 'pg_stat_statements') as available,
  (select setting like '%pg_stat_statements%' from pg_settings where name = 'shared_preload_libraries') as loaded`

/** What Layer 1 needs of each named target, one check a target; none where none is named. */
export async function targetChecks(config: Config, environment: NodeJS.ProcessEnv): Promise<Check[]> {
  const names = Object.keys(await readTargets(config).catch(() => ({})))
  return await Promise.all(
    names.map((name) => checked(`target ${name}`, () => look(config, environment, name))),
  )
}

async function look(
  config: Config,
  environment: NodeJS.ProcessEnv,
  name: string,
): Promise<Omit<Check, 'name'>> {
  const { url } = await resolveTarget(config, name, environment)
  if (await isAsleep(config, url))
    return {
      status: 'skipped',
      message: 'it is on the embedded database, which does not run: esa up starts it',
    }
  const pool = await connectPool(url, { max: 1, applicationName: 'esa doctor' })
  try {
    const { rows } = await pool.query<{ installed: boolean; available: boolean; loaded: boolean | null }>(
      STATEMENTS,
    )
    const { installed, available, loaded } = rows[0]!
    if (installed && loaded === false) {
      const fix = 'add pg_stat_statements to shared_preload_libraries, and restart the server'
      return {
        status: 'warning',
        message: 'pg_stat_statements is created and not loaded: it counts nothing',
        fix,
      }
    }
    if (!installed) {
      const message =
        'it answers, without pg_stat_statements: db queries and advice see no workload but a file’s'
      const fix = available
        ? 'run there, as a superuser: create extension pg_stat_statements'
        : 'install the server’s contrib package'
      return { status: 'warning', message, fix }
    }
    if (!isPooler(url)) return { status: 'ok', message: 'it answers, and counts its statements' }
    const fix = 'let the target name the database itself instead of its pooler'
    return {
      status: 'warning',
      message: 'it is behind a transaction-mode pooler: changes need the direct URL',
      fix,
    }
  } catch (error) {
    throw mapPgError(error)
  } finally {
    await pool.end()
  }
}

/** True for what is on the home's own server while that is stopped. */
async function isAsleep({ home }: Config, url: string): Promise<boolean> {
  const { state, port } = await embeddedServerStatus({ home })
  return state === 'stopped' && isLoopback(url) && new URL(url).port === String(port)
}
