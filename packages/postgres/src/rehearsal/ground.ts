import type { Queryable } from '../queryable.ts'

/** A database that is open: `close` ends its connections. */
export interface OpenDatabase {
  queryable: Queryable
  close(): Promise<void>
}

/** A server on which rehearsal databases may be made: an embedded one of ours, or one given by URL. */
export interface RehearsalGround {
  /** `icuLocale`: text is compared by ICU's rules of that locale, else as the server's template does. */
  createDatabase(name: string, icuLocale?: string): Promise<void>
  /** Ends its connections too; a database that is not there is fine. */
  dropDatabase(name: string): Promise<void>
  /** A pool of at most `max` connections; a rehearsal has several sessions, to see whom a lock keeps waiting. */
  open(name: string, max?: number): Promise<OpenDatabase>
  /** True when the server serves nothing but rehearsals: roles, which belong to a whole server, may come and go on it. */
  ownServer?: boolean
}

/** Lets `work` use a database of the ground by one pool of its own. */
export async function onDatabase<T>(
  ground: RehearsalGround,
  name: string,
  work: (queryable: Queryable) => Promise<T>,
): Promise<T> {
  const { queryable, close } = await ground.open(name, 1)
  try {
    return await work(queryable)
  } finally {
    await close()
  }
}
