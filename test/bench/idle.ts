import { setTimeout as pause } from 'node:timers/promises'
import { ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { EsaHome } from '../e2e/run-esa.ts'
import type { RedisServer } from '@esa/runtime/testing'
import type { BenchServers } from './bench-servers.ts'
import { esaUp } from './esa-up.ts'
import type { Figure } from './figures.ts'
import { cpuMs, memoryMb, treeCpuMs } from './process-cpu.ts'

/** How long an idle runtime is watched, ms: everything that it does now and then comes at least once. */
const WATCH_MS = 60_000

/** How long it may settle first, ms: V8 clears up after a start until half a minute has passed. */
const SETTLE_MS = 45_000

/** What a runtime costs while nothing happens, with its queues on each backend. 1 % is 1 % of one core. */
export async function benchIdle({ redis }: Pick<BenchServers, 'redis'>): Promise<Figure[]> {
  const onPostgres = await idle('queues on PostgreSQL', null)
  return redis === null ? onPostgres : [...onPostgres, ...(await idle('queues on Redis', redis))]
}

async function idle(queues: string, redis: RedisServer | null): Promise<Figure[]> {
  const home = await EsaHome.create()
  try {
    const up = await esaUp(home, redis?.url ?? null)
    await pause(SETTLE_MS)
    const figures = await watch(up.pid, home, redis)
    await up.stop()
    return figures.map((figure) => ({ ...figure, what: `${figure.what}, ${queues}` }))
  } finally {
    await home.remove()
  }
}

async function watch(workerPid: number, home: EsaHome, redis: RedisServer | null): Promise<Figure[]> {
  const server = await ensureEmbeddedServer(home)
  const redisBefore = redis === null ? null : await redisUse(redis)
  const before = { worker: cpuMs(workerPid), server: treeCpuMs(server.pid) }
  await pause(WATCH_MS)
  const share = (ms: number): number => Math.round((10_000 * ms) / WATCH_MS) / 100
  const worker = share(cpuMs(workerPid) - before.worker)
  const database = share(treeCpuMs(server.pid) - before.server)
  const figures: Figure[] = [
    {
      what: 'idle CPU of worker and database',
      value: Math.round((worker + database) * 100) / 100,
      unit: '%',
      aim: { op: '<=', value: 1 },
      spread: `${(worker + database).toFixed(2)} % (worker ${worker} %, PostgreSQL ${database} %)`,
    },
    { what: 'connections to PostgreSQL', value: await connections(server.url), unit: '' },
    { what: 'memory of the worker', value: memoryMb(workerPid, 'VmRSS'), unit: 'MB' },
  ]
  if (redis === null || redisBefore === null) return figures
  const after = await redisUse(redis)
  const commands = ((after.commands - redisBefore.commands) * 1_000) / WATCH_MS
  const cpu = (100_000 * (after.cpuSeconds - redisBefore.cpuSeconds)) / WATCH_MS
  return [
    ...figures,
    { what: 'commands on Redis', value: Math.round(commands * 10) / 10, unit: '/s' },
    { what: 'idle CPU of Redis itself', value: Math.round(cpu * 100) / 100, unit: '%' },
    { what: 'connections to Redis', value: after.clients - 1, unit: '' },
  ]
}

/** What Redis has done since its start. The asking client counts itself among the clients. */
async function redisUse(
  redis: RedisServer,
): Promise<{ commands: number; cpuSeconds: number; clients: number }> {
  const info = `${await asText(redis, 'stats')}\n${await asText(redis, 'cpu')}\n${await asText(redis, 'clients')}`
  const field = (name: string): number => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1])
  return {
    commands: field('total_commands_processed'),
    cpuSeconds: field('used_cpu_sys') + field('used_cpu_user'),
    clients: field('connected_clients'),
  }
}

async function asText(redis: RedisServer, section: string): Promise<string> {
  const info = await redis.run('INFO', section)
  return typeof info === 'string' ? info : ''
}

async function connections(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url, application_name: 'bench' })
  await client.connect()
  const { rows } = await client.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity where backend_type = 'client backend' and application_name <> 'bench'`,
  )
  await client.end()
  return rows[0]!.n
}
