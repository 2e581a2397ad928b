import { join } from 'node:path'
import { connectPool, createDatabase, dropDatabase, ensureEmbeddedServer, withDatabase } from '@esa/pg-server'
import type { RehearsalGround } from '@esa/postgres/rehearsal'
import type { Config } from './config.ts'

/** Sessions of one rehearsal: the one that tries, the one that looks, and some that are kept waiting. */
const CONNECTIONS = 8

/** Where rehearsals take place: on the server that the configuration names, else on one of this home. */
export async function rehearsalGround(
  config: Pick<Config, 'home' | 'rehearsalUrl'>,
): Promise<RehearsalGround> {
  return config.rehearsalUrl === null ? embeddedGround(config) : groundAt(config.rehearsalUrl)
}

/** Rehearsals of a home have an embedded server of their own, so that they never disturb the runtime's. */
export async function embeddedGround({ home }: Pick<Config, 'home'>): Promise<RehearsalGround> {
  const { adminUrl } = await ensureEmbeddedServer({ home: rehearsalHome(home) })
  return { ...groundAt(adminUrl), ownServer: true }
}

/** Where that server lives. */
export function rehearsalHome(home: string): string {
  return join(home, 'rehearsal')
}

/** Rehearsals on the server of a URL, whose role may create databases. */
export function groundAt(url: string): RehearsalGround {
  return {
    createDatabase: async (name, icuLocale) => void (await createDatabase(url, name, icuLocale)),
    dropDatabase: async (name) => void (await dropDatabase(url, name)),
    open: async (name, max = CONNECTIONS) => {
      const pool = await connectPool(withDatabase(url, name), { max, applicationName: 'esa rehearsal' })
      return { queryable: pool, close: () => pool.end() }
    },
  }
}
