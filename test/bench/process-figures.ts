import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { EsaHome, says } from '../e2e/run-esa.ts'

/** How long an idle runtime is watched, and how long it may settle first, ms. */
const WATCH_MS = 30_000
const SETTLE_MS = 5_000

/** Starts of `esa up`, and what it costs while nothing happens. */
export async function benchProcess(redisUrl: string | null): Promise<[string, string][]> {
  const home = await EsaHome.create()
  const environment = redisUrl === null ? {} : { REDIS_URL: redisUrl }
  const up = async (): Promise<{ seconds: string; pid: number; stop: () => Promise<void> }> => {
    const began = performance.now()
    const child = home.start(['up'], environment)
    await says(child, 'ready in ')
    const seconds = `${((performance.now() - began) / 1_000).toFixed(2)} s`
    const stop = async (): Promise<void> => {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    }
    return { seconds, pid: child.pid!, stop }
  }
  try {
    const first = await up()
    await first.stop()
    await home.run(['down'])
    const cold = await up()
    await cold.stop()
    const warm = await up()
    await pause(SETTLE_MS)
    const idle = await watch(warm.pid, home)
    await warm.stop()
    return [
      ['`esa up` ready, first start (creates the database)', first.seconds],
      ['`esa up` ready, database stopped', cold.seconds],
      ['`esa up` ready, database running', warm.seconds],
      ...idle,
    ]
  } finally {
    await home.remove()
  }
}

async function watch(workerPid: number, home: EsaHome): Promise<[string, string][]> {
  const server = await ensureEmbeddedServer(home)
  const before = { worker: cpuMs(workerPid), server: treeCpuMs(server.pid) }
  await pause(WATCH_MS)
  const share = (ms: number): string => `${((100 * ms) / WATCH_MS).toFixed(2)} %`
  const worker = cpuMs(workerPid) - before.worker
  const database = treeCpuMs(server.pid) - before.server
  const memory = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${workerPid}/status`, 'utf8'))?.[1]) / 1_024
  return [
    [`idle CPU of the worker over ${WATCH_MS / 1_000} s`, share(worker)],
    ['idle CPU of its PostgreSQL meanwhile', share(database)],
    ['connections to PostgreSQL', await connections(server.url)],
    ['memory of the worker', `${Math.round(memory)} MB`],
  ]
}

async function connections(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, application_name: 'bench' })
  await client.connect()
  const { rows } = await client.query<{ name: string; n: number }>(
    `select case when application_name like 'esa%' then application_name else 'esa queues, listening' end as name, count(*)::int as n
     from pg_stat_activity where backend_type = 'client backend' and application_name <> 'bench' group by 1 order by 1`,
  )
  await client.end()
  const total = rows.reduce((sum, { n }) => sum + n, 0)
  return `${total} (${rows.map(({ name, n }) => `${name} ${n}`).join(', ')})`
}

/** CPU time of a process, ms: user and system, and that of children that have ended. */
function cpuMs(pid: number): number {
  const ticks = statOf(pid)
    .slice(11, 15)
    .reduce((sum, field) => sum + Number(field), 0)
  return (ticks * 1_000) / ticksPerSecond
}

function treeCpuMs(pid: number): number {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  const children = pids.filter((each) => Number(statOf(each)[1]) === pid)
  return [pid, ...children].reduce((sum, each) => sum + cpuMs(each), 0)
}

/** What the kernel tells of a process, from its state on; nothing of one that has just ended. */
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
  } catch {
    return []
  }
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
