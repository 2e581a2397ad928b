import pg from 'pg'
import { openSmallWorld, SCRIPTED, type SmallWorld, until } from '@esa/runtime/testing'
import { loadHerd } from './armed-herd.ts'
import type { BenchServers } from './bench-servers.ts'
import { bullmqLateness } from './bullmq-delays.ts'
import { type Figure, lateFigure, percentile } from './figures.ts'

/** Timers that are armed one by one, and how long each waits, ms. */
const FEW = { count: 500, waitMs: 2_000, aimMs: 100 }

/** Herds at one instant: how long loading one may take, and how late its p99 may be, ms. */
const HERDS = [
  { count: 10_000, loadMs: 8_000, aimMs: 1_000 },
  { count: 100_000, loadMs: 60_000, aimMs: 8_000 },
]

/** All of a herd must be served in this time, ms. */
const LONGEST_MS = 120_000

/** How late deadlines are served by one worker, each exactly once, beside delayed jobs of BullMQ alone. */
export async function benchLateness({ url, redis, note }: BenchServers): Promise<Figure[]> {
  const redisUrl = redis?.url ?? null
  const figures: Figure[] = []
  const add = (what: string, own: Served, aimMs: number, raw: number[] | null): void => {
    figures.push(lateFigure(what, own.late, { op: '<=', value: aimMs }))
    figures.push({
      what: `${what}, lost or doubled`,
      value: own.wrong,
      unit: '',
      aim: { op: '<=', value: 0 },
    })
    if (raw !== null) figures.push(lateFigure(`${what}, BullMQ alone`, raw))
    note(`${what}: p99 ${percentile(own.late, 0.99)} ms`)
  }
  const few = await withWorld(url, redisUrl, armOneByOne)
  add(
    `${FEW.count} timers of ${FEW.waitMs / 1_000} s`,
    few,
    FEW.aimMs,
    redisUrl === null ? null : await bullmqLateness(redisUrl, FEW.count, FEW.waitMs),
  )
  for (const { count, loadMs, aimMs } of HERDS) {
    const own = await withWorld(url, redisUrl, (world) => serveHerd(world, count, loadMs))
    const raw = redisUrl === null ? null : await bullmqLateness(redisUrl, count, loadMs)
    add(`${count.toLocaleString('en')} timers at one instant`, own, aimMs, raw)
  }
  return figures
}

/** Lateness of each deadline, ms, and how many were served more than once, never, or early. */
type Served = { late: number[]; wrong: number }

async function withWorld(
  serverUrl: string,
  redisUrl: string | null,
  run: (world: SmallWorld) => Promise<Served>,
): Promise<Served> {
  const world = await openSmallWorld({ serverUrl, redisUrl })
  try {
    return await run(world)
  } finally {
    await world.close()
  }
}

async function armOneByOne(world: SmallWorld): Promise<Served> {
  const { host } = await world.startWorker()
  const ids: string[] = []
  for (let n = 0; n < FEW.count; n++) {
    const { state } = await host.open({ type: SCRIPTED, key: null, from: 'layer-1', body: {} })
    ids.push(state.id)
  }
  await Promise.all(ids.map((id) => host.command(id, { type: 'arm', waitMs: FEW.waitMs })))
  return served(world, FEW.count)
}

async function serveHerd(world: SmallWorld, count: number, loadMs: number): Promise<Served> {
  await loadHerd(world.store, count, loadMs)
  await query(world, 'vacuum analyze esa.actors')
  await world.startWorker()
  return served(world, count)
}

async function served(world: SmallWorld, count: number): Promise<Served> {
  await until(
    `${count} deadlines`,
    async () => {
      // A look costs the database something: not at every turn.
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
      const [row] = await query<{ n: number }>(
        world,
        'select count(*)::int as n from esa.actors where due_at is not null',
      )
      return row!.n === 0
    },
    LONGEST_MS,
  )
  const [row] = await query<{ fired: number; streams: number }>(
    world,
    `select count(*)::int as fired, count(distinct stream)::int as streams from esa.events where type = 'fired'`,
  )
  const late = await world.store.lateness(0)
  const early = late.filter((ms) => ms < 1).length
  return { late, wrong: Math.abs(row!.fired - count) + Math.abs(row!.streams - count) + early }
}

/** Between two looks at what is left of a herd, ms. */
const LOOK_EVERY_MS = 250

async function query<Row extends object>({ url }: SmallWorld, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'bench' })
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}
