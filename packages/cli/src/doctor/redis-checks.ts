import { inspectRedis } from '@esa/runtime'
import { type Check, checked, failed, skipped } from './check.ts'

const NAMES = ['redis', 'redis-eviction', 'redis-persistence'] as const

/** The oldest Redis that BullMQ serves with all it has. Source: docs.bullmq.io. */
const VERSION_MIN = [6, 2] as const

/** Redis, where the queues are on it. */
export async function redisChecks(redisUrl: string | null): Promise<Check[]> {
  if (redisUrl === null) return skipped(NAMES, 'REDIS_URL is not set: queues are on the database')
  const place = URL.parse(redisUrl)?.host ?? 'REDIS_URL'
  const facts = await inspectRedis(redisUrl).catch((error: unknown) => failed(NAMES[0], error))
  if ('status' in facts) return [facts, ...skipped(NAMES.slice(1), 'Redis does not answer')]
  const { version, evictionPolicy, appendOnly } = facts
  return Promise.all([
    checked(NAMES[0], () => ofVersion(version, place)),
    checked(NAMES[1], () => {
      if (evictionPolicy === 'noeviction') return { status: 'ok', message: 'nothing is evicted' }
      if (evictionPolicy === null)
        return { status: 'warning', message: 'Redis does not tell its maxmemory-policy' }
      const fix = 'run: redis-cli config set maxmemory-policy noeviction'
      return { status: 'error', message: `Redis evicts keys (maxmemory-policy ${evictionPolicy})`, fix }
    }),
    checked(NAMES[2], () => {
      if (appendOnly) return { status: 'ok', message: 'an append-only file is kept' }
      const message = 'no append-only file: after a crash the doorbells are rung again, which takes a while'
      return { status: 'warning', message, fix: 'run: redis-cli config set appendonly yes' }
    }),
  ])
}

function ofVersion(version: string, place: string): Omit<Check, 'name'> {
  const message = `Redis ${version} at ${place}`
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > VERSION_MIN[0] || (major === VERSION_MIN[0] && minor >= VERSION_MIN[1]))
    return { status: 'ok', message }
  return { status: 'error', message, fix: `use Redis ${VERSION_MIN.join('.')} or newer` }
}
