import { connectPool, createDatabase, dropDatabase, withDatabase } from '@esa/pg-server'
import type { OpenDatabase, RehearsalGround, Tester } from '../src/ground/ground.ts'

/** A server on which rehearsals are made, by its admin's URL; and other databases, which belong to the admin. */
export interface TestGround extends RehearsalGround {
  createDatabase(name: string, owner?: string, icuLocale?: string): Promise<void>
  open(name: string, tester?: Tester, max?: number): Promise<OpenDatabase>
}

/** A ground by the URL of its admin. */
export function groundAt(url: string): TestGround {
  const opened = async (name: string, tester: Tester | undefined, max: number): Promise<OpenDatabase> => {
    const there = new URL(withDatabase(url, name))
    if (tester !== undefined) [there.username, there.password] = [tester.role, tester.password]
    const pool = await connectPool(there.href, { max })
    return { queryable: pool, close: () => pool.end() }
  }
  return {
    createDatabase: async (name, owner, icuLocale) =>
      void (await createDatabase(url, name, { owner, icuLocale })),
    dropDatabase: async (name) => void (await dropDatabase(url, name)),
    asAdmin: (name = 'postgres') => opened(name, undefined, 1),
    open: (name, tester, max = 4) => opened(name, tester, max),
  }
}
