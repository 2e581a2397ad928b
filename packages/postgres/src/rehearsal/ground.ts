import type { Queryable } from '../queryable.ts'

/** A database that is open: `close` ends its connections. */
export interface OpenDatabase {
  queryable: Queryable
  close(): Promise<void>
}

/** A server on which rehearsal databases may be made: an embedded one of ours, or one given by URL. */
export interface RehearsalGround {
  createDatabase(name: string): Promise<void>
  /** Ends its connections too; a database that is not there is fine. */
  dropDatabase(name: string): Promise<void>
  /** A pool of at most `max` connections; a rehearsal has several sessions, to see whom a lock keeps waiting. */
  open(name: string, max?: number): Promise<OpenDatabase>
}
