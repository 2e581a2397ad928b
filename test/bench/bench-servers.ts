import type { RedisServer } from '@esa/runtime/testing'

/** What a part of the bench gets: servers of its own, and where to say how far it is. */
export interface BenchServers {
  url: string
  /** Null where no Redis is installed. */
  redis: RedisServer | null
  /** One line of progress. */
  note: (line: string) => void
}
