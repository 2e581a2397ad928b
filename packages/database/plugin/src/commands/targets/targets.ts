import { resolve } from 'node:path'
import { connectPool, describeUrl, isPooler, mapPgError } from '@esa/pg-server'
import type { RoleStrength } from '@esa/database-catalog/guard'
import { formatDuration } from '@esa/protocol'
import type { Config } from '../../config.ts'
import { answer, columns, durationFlag } from '@esa/cli/plugin-kit'
import {
  addTarget,
  describeTarget,
  readTargets,
  readWorkload,
  removeTarget,
  resolveTarget,
  type Target,
} from '../../targets/targets.ts'
import { warnOfPassword } from '../../targets/password-warning.ts'

/** Round trips that a test takes; the median is shown, so that the first one's warm-up does not count. */
const ROUND_TRIPS = 5

/** Longest that a look at the target’s role takes, ms. */
const ROLE_MS = 10_000

/** Oldest server that Layer 1 understands. */
const VERSION_MIN = 14

/** Options of `esa targets add`. */
export interface TargetFlags {
  workload?: string
  timeout?: string
  connections?: string
  quiet?: string
  allowOwner?: boolean
  guardLog?: Target['guardLog'] & string
}

/** Gives a database a name in this home, and limits; its workload file is checked now and read at every look. */
export async function nameTarget(
  config: Config,
  name: string,
  at: string,
  flags: TargetFlags,
): Promise<void> {
  warnOfPassword(at)
  if (flags.workload !== undefined) await readWorkload(flags.workload)
  const target: Target = {
    at,
    ...(flags.workload === undefined ? {} : { workload: resolve(flags.workload) }),
    ...(flags.timeout === undefined ? {} : { timeoutMs: durationFlag('--timeout', flags.timeout) }),
    ...(flags.connections === undefined ? {} : { connections: Number(flags.connections) }),
    ...(flags.quiet === undefined ? {} : { quiet: flags.quiet }),
    ...(flags.allowOwner === true ? { allowOwner: true } : {}),
    ...(flags.guardLog === undefined ? {} : { guardLog: flags.guardLog }),
  }
  await addTarget(config, name, target)
  answer(config, shown(name, target), () => `${name} is ${describeTarget(at)}`)
}

/** Lists the named databases and their limits, without their passwords. */
export async function listTargets(config: Config): Promise<void> {
  const targets = Object.entries(await readTargets(config)).map(([name, target]) => shown(name, target))
  const row = ({ name, at, workload, timeoutMs, connections, quiet, ...guard }: (typeof targets)[number]) => [
    name,
    at,
    timeoutMs === null ? '-' : formatDuration(timeoutMs),
    connections === null ? '-' : String(connections),
    quiet ?? '-',
    guardText(guard),
    workload ?? '-',
  ]
  answer(config, { targets }, () =>
    targets.length === 0
      ? 'no targets yet: esa targets add NAME URL'
      : columns([
          ['NAME', 'AT', 'TIMEOUT', 'CONNECTIONS', 'QUIET', 'GUARD', 'WORKLOAD'],
          ...targets.map(row),
        ]),
  )
}

/** What was said about reading statements of others; `-` for what is so without a word. */
function guardText({ allowOwner, guardLog }: { allowOwner: boolean; guardLog: string }): string {
  const said = [...(allowOwner ? ['owner'] : []), ...(guardLog === 'never' ? ['no log'] : [])]
  return said.length === 0 ? '-' : said.join(', ')
}

/** A target for people and scripts: without its password, null for what was not said. */
function shown(name: string, target: Target) {
  const { workload, timeoutMs, connections, quiet, allowOwner, guardLog } = target
  return {
    name,
    at: describeTarget(target.at),
    workload: workload ?? null,
    timeoutMs: timeoutMs ?? null,
    connections: connections ?? null,
    quiet: quiet ?? null,
    allowOwner: allowOwner ?? false,
    guardLog: guardLog ?? 'warn',
  }
}

/** Connects to a target and says what answers, how fast, and what is in the way. @throws EsaError `target.unknown` or `database.*`. */
export async function testTarget(
  config: Config,
  environment: NodeJS.ProcessEnv,
  name: string,
): Promise<void> {
  warnOfPassword(name)
  const { url, allowOwner } = await resolveTarget(config, name, environment)
  const pool = await connectPool(url, { max: 1, applicationName: 'esa targets test' })
  try {
    const began = performance.now()
    const { rows } = await pool.query<ServerFacts>(SERVER_FACTS)
    const connectMs = Math.round(performance.now() - began)
    const facts = rows[0]!
    const latencyMs = await medianRoundTrip(() => pool.query('select 1'))
    const { version, replica } = facts
    const { roleOf } = await import('@esa/database-catalog/guard')
    const strength = await roleOf(pool, ROLE_MS)
    const notes = [...notesOn(facts, isPooler(url)), ...notesOnRole(strength, allowOwner)]
    const found = {
      at: describeUrl(url),
      version,
      connectMs,
      latencyMs,
      replica,
      pooler: isPooler(url),
      notes,
    }
    answer(config, found, () =>
      [
        `PostgreSQL ${version} at ${found.at}: connected in ${connectMs} ms, a round trip takes ${latencyMs} ms`,
        ...notes.map((note) => `  ${note}`),
      ].join('\n'),
    )
  } catch (error) {
    throw mapPgError(error)
  } finally {
    await pool.end()
  }
}

interface ServerFacts {
  version: string
  major: number
  replica: boolean
  stats: boolean
}

const SERVER_FACTS = `select current_setting('server_version') as version, current_setting('server_version_num')::int / 10000 as major,
  pg_is_in_recovery() as replica, pg_has_role('pg_read_all_stats', 'usage') as stats`

/** What someone should know before they rely on this target. */
function notesOn({ major, replica, stats }: ServerFacts, pooler: boolean): string[] {
  return [
    ...(major < VERSION_MIN ? [`version ${major} is not understood: Layer 1 reads PostgreSQL 14 to 18`] : []),
    ...(replica ? ['a read replica: it can be measured and rehearsed, not changed'] : []),
    ...(pooler ? ['behind a transaction-mode pooler: changes need the direct URL'] : []),
    ...(stats ? [] : ['this role sees only its own statements: grant pg_read_all_stats to it']),
  ]
}

/** How statements of others will be read here. */
function notesOnRole({ strengths, maySetLog, logs }: RoleStrength, allowOwner: boolean): string[] {
  return [
    ...(strengths.length > 0 && !allowOwner
      ? [
          `its role is strong (${strengths.join(', ')}): it reads no statement that comes by HTTP, MCP, A2A or a task; esa db grants prints what makes a reader`,
        ]
      : []),
    ...(logs && !maySetLog
      ? [
          'its server logs the statements that are judged: grant SET ON PARAMETER log_min_messages to its role',
        ]
      : []),
  ]
}

/** Forgets a name; the database itself is left alone. */
export async function forgetTarget(config: Config, name: string): Promise<void> {
  await removeTarget(config, name)
  answer(config, { name, removed: true }, () => `${name} is forgotten`)
}

async function medianRoundTrip(query: () => Promise<unknown>): Promise<number> {
  const taken: number[] = []
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const began = performance.now()
    await query()
    taken.push(performance.now() - began)
  }
  return Number((taken.toSorted((a, b) => a - b)[Math.floor(ROUND_TRIPS / 2)] ?? 0).toFixed(2))
}
