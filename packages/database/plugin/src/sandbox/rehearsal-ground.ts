import { connectPool, createDatabase, dropDatabase, ensureSandbox, withDatabase } from '@esa/pg-server'
import type { OpenDatabase, RehearsalGround, Tester } from '@esa/database-sandbox'
import type { Queryable } from '@esa/database-catalog/sql'
import type { Config } from '../config.ts'
import { EXIT, note } from '@esa/cli/plugin-kit'
import { requireSandboxServer } from './rehearsal-server.ts'

/** Sessions of one rehearsal: the one that tries, the one that looks, and some that are kept waiting. */
const CONNECTIONS = 8

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** A sandbox is used as long as one of its rehearsals lives: its keeper hears of it so often, ms. */
const TOUCH_EVERY_MS = 60_000

/**
 * Where rehearsals take place: on the server that the configuration names, which may serve nothing else, else on this home's
 * sandbox. `target`: the database that they are about, where there is one. @throws EsaError `usage.rehearsal-url` (terminal), `database.*`.
 */
export async function rehearsalGround(
  config: Pick<Config, 'home' | 'rehearsalUrl' | 'sandboxUid' | 'databaseUrl'>,
  target: Queryable | null,
): Promise<RehearsalGround> {
  if (config.rehearsalUrl !== null) {
    await requireSandboxServer(config.rehearsalUrl, config, target)
    return droppingOnInterrupt(groundAt(config.rehearsalUrl))
  }
  // The first start makes the files of a server, which takes a second.
  const onProgress = (step: string): void =>
    process.stderr.isTTY ? note(`${step} for rehearsals`) : undefined
  const { adminUrl, touch } = await ensureSandbox({ home: config.home, uid: config.sandboxUid, onProgress })
  setInterval(() => void touch(), TOUCH_EVERY_MS).unref()
  return droppingOnInterrupt(groundAt(adminUrl))
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
    createDatabase: async (name, owner, icuLocale) => {
      if (SIGNALS.every((signal) => process.listenerCount(signal) === 0))
        for (const signal of SIGNALS) process.on(signal, onSignal)
      living.add(name)
      await ground.createDatabase(name, owner, icuLocale)
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

/** Rehearsals on the server of a URL, whose role may create roles and databases. */
function groundAt(url: string): RehearsalGround {
  const opened = async (there: string, max: number): Promise<OpenDatabase> => {
    const pool = await connectPool(there, { max, applicationName: 'esa rehearsal' })
    return { queryable: pool, close: () => pool.end() }
  }
  return {
    createDatabase: async (name, owner, icuLocale) =>
      void (await createDatabase(url, name, { owner, icuLocale })),
    dropDatabase: async (name) => void (await dropDatabase(url, name)),
    asAdmin: (name = 'postgres') => opened(withDatabase(url, name), 1),
    open: (name, tester, max = CONNECTIONS) => opened(asTester(withDatabase(url, name), tester), max),
  }
}

function asTester(url: string, { role, password }: Tester): string {
  const there = new URL(url)
  there.username = role
  there.password = password
  return there.href
}
