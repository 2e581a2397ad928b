import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { ChaosWorld, Slot } from './chaos-world.ts'
import type { Backend } from './servers.ts'

/** Longer than BullMQ's lock of a job and an activity's lease (5 s), ms. */
const PAST_THE_LOCK_MS = 6_500

/** A server that is away for so long has been missed by all, ms. */
const AWAY_MS = 2_500

/** A statement that is not answered is given up after 5 s, and sent again on a new connection, ms. */
const GIVEN_UP_MS = 6_000

/** One worker serves alone for so long, ms. */
const ALONE_MS = 2_000

/** A commit whose answer can be lost comes by in this time, where anything happens at all, ms. */
const COMMIT_WITHIN_MS = 3_000

/** One thing that goes wrong and is put right again. What it breaks for all is noted in the world's outages. */
export interface Fault {
  name: string
  /** Where it makes sense; everywhere when absent. */
  on?: Backend
  strike(world: ChaosWorld, random: () => number): Promise<void>
}

const some = (world: ChaosWorld, random: () => number): Slot =>
  world.slots[Math.floor(random() * world.slots.length)]!

/** From here until `heal` is through, nothing can be served. */
async function outage(world: ChaosWorld, heal: () => Promise<unknown>): Promise<void> {
  world.outages.begin()
  await heal()
  world.outages.end()
}

/** Until the store answers. */
async function answers(world: ChaosWorld): Promise<void> {
  for (;;) {
    const answered = await world.store.runtime().then(
      () => true,
      () => false,
    )
    if (answered) return
    await pause(10)
  }
}

const workers: Fault[] = [
  {
    name: 'kill-all',
    strike: async (world) => {
      await world.killAll()
      await world.startAll()
      world.outages.end()
    },
  },
  {
    name: 'kill-one',
    strike: async (world, random) => {
      const slot = some(world, random)
      await world.kill(slot)
      await world.start(slot)
    },
  },
  {
    name: 'stop-one',
    strike: async (world, random) => {
      const { worker } = some(world, random)
      worker?.kill('SIGSTOP')
      await pause(PAST_THE_LOCK_MS)
      worker?.kill('SIGCONT')
    },
  },
  {
    name: 'stop-all',
    strike: (world) =>
      outage(world, async () => {
        for (const { worker } of world.slots) worker?.kill('SIGSTOP')
        await pause(PAST_THE_LOCK_MS)
        for (const { worker } of world.slots) worker?.kill('SIGCONT')
      }),
  },
]

const postgres: Fault[] = [
  {
    name: 'postgres-kill',
    strike: (world) =>
      outage(world, async () => {
        await world.servers.postgres.kill()
        await world.servers.postgres.start()
        await answers(world)
      }),
  },
  {
    name: 'postgres-restart',
    strike: (world) =>
      outage(world, async () => {
        await world.servers.postgres.restart()
        await answers(world)
      }),
  },
  {
    // The server takes all others down with the one that was killed, recovers, and goes on.
    name: 'postgres-backend-killed',
    strike: (world) =>
      outage(world, async () => {
        const [victim] = await world.servers.postgres.run<{ pid: number }>(
          `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() limit 1`,
          world.url,
        )
        if (victim !== undefined) process.kill(victim.pid, 'SIGKILL')
        await pause(100)
        await answers(world)
      }),
  },
  {
    name: 'postgres-terminated',
    strike: (world) => outage(world, () => terminate(world)),
  },
  {
    name: 'postgres-full',
    strike: (world) =>
      outage(world, async () => {
        const held = await takeAllConnections(world)
        await pause(AWAY_MS)
        await Promise.all(held.map((client) => client.end().catch(() => {})))
        await answers(world)
      }),
  },
  {
    name: 'postgres-read-only',
    strike: (world) =>
      outage(world, async () => {
        await readOnly(world, 'on')
        await pause(AWAY_MS)
        await readOnly(world, 'off')
      }),
  },
  {
    name: 'commit-lost',
    strike: async (world, random) => {
      await Promise.race([some(world, random).postgres.loseNextCommit(), pause(COMMIT_WITHIN_MS)])
    },
  },
]

const network: Fault[] = [
  {
    name: 'partition-one-postgres',
    strike: async (world, random) => {
      const { postgres: line } = some(world, random)
      line.hold()
      await pause(PAST_THE_LOCK_MS)
      line.heal()
    },
  },
  {
    name: 'partition-all-postgres',
    strike: (world) =>
      outage(world, async () => {
        for (const slot of world.slots) slot.postgres.hold()
        await pause(AWAY_MS)
        for (const slot of world.slots) slot.postgres.heal()
      }),
  },
  {
    name: 'cut-all-postgres',
    strike: (world) =>
      outage(world, async () => {
        for (const slot of world.slots) slot.postgres.cut()
        await pause(AWAY_MS)
        for (const slot of world.slots) slot.postgres.heal()
      }),
  },
  {
    // A host that vanished, a firewall that forgot: the connection is half-open.
    name: 'half-open-one-postgres',
    strike: async (world, random) => {
      some(world, random).postgres.swallow()
      await pause(AWAY_MS)
    },
  },
  {
    name: 'half-open-all-postgres',
    strike: async (world) => {
      await outage(world, async () => {
        for (const slot of world.slots) slot.postgres.swallow()
        // New lines pass, but a worker must first give up those that it has.
        await pause(GIVEN_UP_MS)
      })
      // Each of them has, all of them: now one must do without the others.
      const others = world.slots.slice(1)
      for (const { worker } of others) worker?.kill('SIGSTOP')
      await pause(ALONE_MS)
      for (const { worker } of others) worker?.kill('SIGCONT')
    },
  },
  {
    name: 'partition-redis',
    on: 'redis',
    strike: async (world) => {
      for (const slot of world.slots) slot.redis?.hold()
      await pause(PAST_THE_LOCK_MS)
      for (const slot of world.slots) slot.redis?.heal()
    },
  },
  {
    name: 'cut-redis',
    on: 'redis',
    strike: async (world) => {
      for (const slot of world.slots) slot.redis?.cut()
      await pause(AWAY_MS)
      for (const slot of world.slots) slot.redis?.heal()
    },
  },
]

const redis: Fault[] = [
  {
    name: 'redis-flush',
    on: 'redis',
    strike: async ({ servers }) => void (await servers.redis!.run('FLUSHALL')),
  },
  {
    name: 'redis-kill',
    on: 'redis',
    strike: async ({ servers }) => {
      await servers.redis!.stop({ hard: true })
      await servers.redis!.start()
    },
  },
  {
    // Without an append-only file whatever was in memory is gone.
    name: 'redis-kill-without-aof',
    on: 'redis',
    strike: async ({ servers }) => {
      await servers.redis!.stop({ hard: true, forget: true })
      await servers.redis!.start()
    },
  },
  {
    name: 'redis-paused',
    on: 'redis',
    strike: async ({ servers }) => {
      await servers.redis!.run('CLIENT', 'PAUSE', String(PAST_THE_LOCK_MS), 'ALL')
      await pause(PAST_THE_LOCK_MS)
    },
  },
  {
    name: 'redis-stopped',
    on: 'redis',
    strike: async ({ servers }) => {
      const info = String(await servers.redis!.run('INFO', 'server'))
      const pid = Number(/process_id:(\d+)/.exec(info)?.[1])
      process.kill(pid, 'SIGSTOP')
      await pause(PAST_THE_LOCK_MS)
      process.kill(pid, 'SIGCONT')
    },
  },
  {
    name: 'redis-full',
    on: 'redis',
    strike: async ({ servers }) => {
      await servers.redis!.run('CONFIG', 'SET', 'maxmemory', '1')
      await pause(AWAY_MS)
      await servers.redis!.run('CONFIG', 'SET', 'maxmemory', '0')
    },
  },
]

/** Every fault that can strike at any time. */
export const FAULTS: readonly Fault[] = [...workers, ...postgres, ...network, ...redis]

/** The faults that make sense on a backend. */
export function faultsOn(backend: Backend): Fault[] {
  return FAULTS.filter(({ on }) => on === undefined || on === backend)
}

/** A fault by its name. @throws Error for an unknown name. */
export function faultNamed(name: string): Fault {
  const found = FAULTS.find((fault) => fault.name === name)
  if (found === undefined) throw new Error(`there is no fault "${name}"`)
  return found
}

async function terminate({ servers, url }: ChaosWorld): Promise<void> {
  await servers.postgres.run(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
    url,
  )
}

/** Takes every connection that the server has, with those that its clients give up meanwhile. */
async function takeAllConnections(world: ChaosWorld): Promise<pg.Client[]> {
  const held: pg.Client[] = []
  const take = async (): Promise<boolean> => {
    const client = new pg.Client({ connectionString: world.url })
    client.on('error', () => {})
    const taken = await client.connect().then(
      () => true,
      () => false,
    )
    if (taken) held.push(client)
    return taken
  }
  while (await take());
  // Now a lost connection cannot be replaced.
  await held[0]?.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'esa%'`,
  )
  while (await take());
  return held
}

/** What a standby says, to all clients. */
async function readOnly({ servers }: ChaosWorld, way: 'on' | 'off'): Promise<void> {
  await servers.postgres.run(`alter system set default_transaction_read_only = ${way}`)
  await servers.postgres.run('select pg_reload_conf()')
}
