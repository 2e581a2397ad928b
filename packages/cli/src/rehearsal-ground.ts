import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  connectPool,
  createDatabase,
  dropDatabase,
  ensureEmbeddedServer,
  isPooler,
  withDatabase,
} from '@esa/pg-server'
import type { RehearsalGround } from '@esa/postgres/rehearsal'
import { EsaError, isEsaError } from '@esa/protocol'
import type { Config } from './config.ts'
import { EXIT } from './exit-codes.ts'
import { note } from './output.ts'

/** Sessions of one rehearsal: the one that tries, the one that looks, and some that are kept waiting. */
const CONNECTIONS = 8

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Where rehearsals take place: on the server that the configuration names, else on one of this home.
 * @throws EsaError `usage.rehearsal-url` (terminal) for a pooler, `database.*`.
 */
export async function rehearsalGround(
  config: Pick<Config, 'home' | 'rehearsalUrl'>,
): Promise<RehearsalGround> {
  return droppingOnInterrupt(
    config.rehearsalUrl === null ? await embeddedGround(config) : groundAt(config.rehearsalUrl),
  )
}

/**
 * A ground whose databases a Ctrl-C drops before the process ends with 130. A process that has its own way of stopping, like a
 * worker, goes that way: whatever it leaves, the next rehearsal drops.
 */
function droppingOnInterrupt(ground: RehearsalGround): RehearsalGround {
  const living = new Set<string>()
  let interrupted = false
  const onSignal = (): void => {
    interrupted = true
    // A bar that is cut off leaves the cursor hidden.
    if (process.stderr.isTTY) process.stderr.write('\u001B[?25h\n')
    note('interrupted: dropping what was rehearsed on')
    void Promise.allSettled([...living].map((name) => ground.dropDatabase(name))).then(() =>
      process.exit(EXIT.interrupted),
    )
  }
  return {
    ...ground,
    createDatabase: async (name, icuLocale) => {
      if (SIGNALS.every((signal) => process.listenerCount(signal) === 0))
        for (const signal of SIGNALS) process.on(signal, onSignal)
      living.add(name)
      await ground.createDatabase(name, icuLocale)
    },
    dropDatabase: async (name) => {
      // The process ends when the drop of the interruption does: no answer of a rehearsal that was cut off comes first.
      if (interrupted) return new Promise(() => {})
      await ground.dropDatabase(name)
      living.delete(name)
      if (living.size === 0) for (const signal of SIGNALS) process.removeListener(signal, onSignal)
    },
  }
}

/**
 * Rehearsals of a home have an embedded server of their own, so that they never disturb the runtime's. It does not wait for the
 * disk: a machine that loses its power may lose it, and then it is made anew.
 */
async function embeddedGround({ home }: Pick<Config, 'home'>): Promise<RehearsalGround> {
  // The first start makes the files of a server, which takes some seconds.
  const onProgress = (step: string): void =>
    process.stderr.isTTY ? note(`${step} for rehearsals`) : undefined
  const folder = { home: rehearsalHome(home), onProgress }
  const { adminUrl } = await ensureEmbeddedServer(folder).catch(async (error: unknown) => {
    if (!isEsaError(error, 'database.start-failed')) throw error
    await rm(folder.home, { recursive: true, force: true })
    return ensureEmbeddedServer(folder)
  })
  const pool = await connectPool(adminUrl, { max: 1, applicationName: 'esa rehearsal' })
  try {
    const { rows } = await pool.query<{ fsync: string }>('show fsync')
    if (rows[0]?.fsync === 'on') {
      await pool.query('alter system set fsync = off')
      await pool.query('select pg_reload_conf()')
    }
  } finally {
    await pool.end()
  }
  return { ...groundAt(adminUrl), ownServer: true }
}

/** Where that server lives. */
export function rehearsalHome(home: string): string {
  return join(home, 'rehearsal')
}

/** Rehearsals on the server of a URL, whose role may create databases. */
function groundAt(url: string): RehearsalGround {
  if (isPooler(url))
    throw new EsaError('usage.rehearsal-url', 'terminal', 'behind a pooler nobody can own a rehearsal', {
      hint: 'give the direct URL of the server',
    })
  return {
    createDatabase: async (name, icuLocale) => void (await createDatabase(url, name, icuLocale)),
    dropDatabase: async (name) => void (await dropDatabase(url, name)),
    open: async (name, max = CONNECTIONS) => {
      const pool = await connectPool(withDatabase(url, name), { max, applicationName: 'esa rehearsal' })
      return { queryable: pool, close: () => pool.end() }
    },
  }
}
