import { resolve } from 'node:path'
import { connectPool, describeUrl, mapPgError } from '@esa/pg-server'
import { parseWorkload } from '@esa/postgres'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'
import { addTarget, describeTarget, readTargets, readText, removeTarget, resolveTarget } from '../targets.ts'
import { warnOfPassword } from './db-measure.ts'

/** Round trips that a test takes; the median is told, so that the first one's warm-up does not count. */
const ROUND_TRIPS = 5

/** Gives a database a name in this home; its workload file is checked now and read at every look. */
export async function nameTarget(
  config: Config,
  name: string,
  at: string,
  workload: string | undefined,
): Promise<void> {
  warnOfPassword(at)
  if (workload !== undefined) parseWorkload(await readText(workload))
  const file = workload === undefined ? undefined : resolve(workload)
  await addTarget(config, name, at, file)
  answer(
    config,
    { name, at: describeTarget(at), workload: file ?? null },
    () => `${name} is ${describeTarget(at)}`,
  )
}

/** Lists the named databases, without their passwords. */
export async function listTargets(config: Config): Promise<void> {
  const known = Object.entries(await readTargets(config))
  const targets = known.map(([name, { at, workload }]) => ({
    name,
    at: describeTarget(at),
    workload: workload ?? null,
  }))
  answer(config, { targets }, () =>
    targets.length === 0
      ? 'no targets yet: esa targets add NAME URL'
      : columns([
          ['NAME', 'AT', 'WORKLOAD'],
          ...targets.map(({ name, at, workload }) => [name, at, workload ?? '-']),
        ]),
  )
}

/** Connects to a target and says what answers, and how fast. @throws EsaError `target.unknown` or `database.*`. */
export async function testTarget(
  config: Config,
  environment: NodeJS.ProcessEnv,
  name: string,
): Promise<void> {
  warnOfPassword(name)
  const { url } = await resolveTarget(config, name, environment)
  const pool = await connectPool(url, { max: 1, applicationName: 'esa targets test' })
  try {
    const began = performance.now()
    const { rows } = await pool.query<{ version: string }>(
      `select current_setting('server_version') as version`,
    )
    const connectMs = Math.round(performance.now() - began)
    const latencyMs = await medianRoundTrip(() => pool.query('select 1'))
    const found = { at: describeUrl(url), version: rows[0]?.version ?? 'unknown', connectMs, latencyMs }
    answer(
      config,
      found,
      () =>
        `PostgreSQL ${found.version} at ${found.at}: connected in ${connectMs} ms, a round trip takes ${latencyMs} ms`,
    )
  } catch (error) {
    throw mapPgError(error)
  } finally {
    await pool.end()
  }
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
