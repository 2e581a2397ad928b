import { isServed } from '@esa/operations'
import { Hono } from 'hono'
import type { ApiEnv } from '../api.ts'
import type { ServerPorts } from '../ports.ts'

/** A database that takes longer to answer does not serve anybody, ms. */
const ANSWERS_WITHIN_MS = 2_000

/** More frequent requests get the last answer: a probe must not become a load, ms. */
const ASKED_ANEW_AFTER_MS = 1_000

/** What was looked at, and what is wrong with it. */
interface Check {
  name: 'database' | 'schema' | 'home' | 'worker'
  ok: boolean
  why?: string
}

/**
 * `/health`: this process is alive. `/ready`: it can do its work, else 503 with what is missing. Neither takes a token,
 * and neither says more than that.
 */
export function healthRoutes(ports: ServerPorts, now = () => performance.now()) {
  let asked: { at: number; checks: Promise<Check[]> } | null = null
  const checks = async (): Promise<Check[]> => {
    if (asked === null || now() - asked.at >= ASKED_ANEW_AFTER_MS)
      asked = { at: now(), checks: checksOf(ports) }
    return await asked.checks
  }
  return (
    new Hono<ApiEnv>()
      .get('/health', (context) => context.json({ status: 'alive' }, 200, NO_STORE))
      // For open pages of the console: always 200, so that a dead database fills no browser's log.
      .get('/health/database', async (context) => {
        const database = (await checks()).find(({ name }) => name === 'database')
        return context.json({ database: database?.ok === true }, 200, NO_STORE)
      })
      .get('/ready', async (context) => {
        const found = await checks()
        const ready = found.every(({ ok }) => ok)
        return context.json(
          { status: ready ? 'ready' : 'not ready', checks: found },
          ready ? 200 : 503,
          NO_STORE,
        )
      })
  )
}

const NO_STORE = { 'cache-control': 'no-store' }

async function checksOf({ world, standing }: ServerPorts): Promise<Check[]> {
  const store = world.store
  const database = await check('database', async () => {
    await store.runtime()
    return null
  })
  if (!database.ok) return [database]
  const stands = standing === undefined ? null : await settled(standing)
  return [
    database,
    ...(stands === null
      ? []
      : [
          await check('schema', async () =>
            (await stands()).schema === 'current' ? null : `the schema is ${(await stands()).schema}`,
          ),
          await check('home', async () =>
            (await stands()).atHome ? null : 'this database is a copy, and the runtime is muted in it',
          ),
        ]),
    await check('worker', async () => ((await isServed(store)) ? null : 'no worker gives a sign of life')),
  ]
}

/** Checks once, and gives the answer or the failure to all callers. */
async function settled<T>(ask: () => Promise<T>): Promise<() => Promise<T>> {
  const answer = ask()
  await answer.catch(() => {})
  return () => answer
}

async function check(name: Check['name'], find: () => Promise<string | null>): Promise<Check> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${ANSWERS_WITHIN_MS} ms`), ANSWERS_WITHIN_MS)
  })
  try {
    const why = await Promise.race([find(), late])
    return why === null ? { name, ok: true } : { name, ok: false, why }
  } catch {
    // Why it does not answer is for the log and `esa doctor`: anybody may ask here.
    return { name, ok: false, why: 'it cannot be reached' }
  } finally {
    clearTimeout(timer)
  }
}
