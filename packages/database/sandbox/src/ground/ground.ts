import type { Queryable } from '@esa/database-catalog/sql'

/** A database that is open: `close` ends its connections. */
export interface OpenDatabase {
  queryable: Queryable
  close(): Promise<void>
}

/** The role that owns one rehearsal database and has no other right: whatever is tried there runs as it. */
export interface Tester {
  role: string
  password: string
}

/** A server that serves nothing but rehearsals, by its admin: a role that may create roles and databases. */
export interface RehearsalGround {
  /** From `template0`. `icuLocale`: text is compared by ICU's rules of that locale, else as the server's template does. */
  createDatabase(name: string, owner: string, icuLocale?: string): Promise<void>
  /** Ends its connections too; a database that is not there is fine. */
  dropDatabase(name: string): Promise<void>
  /**
   * One session of the admin, on the database `postgres`. With a name: on that database, which has to be empty yet, as what a
   * tester made there could run with the admin's rights.
   */
  asAdmin(name?: string): Promise<OpenDatabase>
  /** A pool of at most `max` connections of the tester; a rehearsal has several sessions, to see whom a lock keeps waiting. */
  open(name: string, tester: Tester, max?: number): Promise<OpenDatabase>
}

/** Lets `work` use what was opened, and closes it. */
export async function using<T>(
  opening: Promise<OpenDatabase>,
  work: (queryable: Queryable) => Promise<T>,
): Promise<T> {
  const { queryable, close } = await opening
  try {
    return await work(queryable)
  } finally {
    await close()
  }
}
