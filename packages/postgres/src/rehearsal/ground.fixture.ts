import { connectPool, createDatabase, dropDatabase, withDatabase } from '@esa/pg-server'
import type { RehearsalGround } from './ground.ts'

/** A server on which rehearsals are made, by the URL of whoever may create databases there. */
export function groundAt(url: string): RehearsalGround {
  return {
    createDatabase: async (name, icuLocale) => void (await createDatabase(url, name, icuLocale)),
    dropDatabase: async (name) => void (await dropDatabase(url, name)),
    open: async (name, max = 4) => {
      const pool = await connectPool(withDatabase(url, name), { max })
      return { queryable: pool, close: () => pool.end() }
    },
  }
}
