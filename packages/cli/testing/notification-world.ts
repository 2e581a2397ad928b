import { setImmediate as nextTurn } from 'node:timers/promises'
import { behaviors } from '@esa/agents'
import { escalationDefinitions } from '@esa/escalation'
import { openIncident, seatAgent, type World } from '@esa/operations'
import type { Incident } from '@esa/escalation'
import type { ActorEvent } from '@esa/actor'
import type { JsonObject } from '@esa/protocol'
import { ActorHost, type Bell, Registry, Sleeper, startWorkerOn } from '@esa/runtime'
import { createMemoryStore, type Store } from '@esa/store'
import { pino } from 'pino'
import { channelActivity, type ChannelPorts } from '../src/channel-activity.ts'
import { loadOrg } from '../src/load-org.ts'
import { noticeActivity } from '../src/notice-activity.ts'

const TESTER: World['caller'] = {
  actAs: async () => 'tester',
  approveAs: async () => 'tester',
  account: async () => null,
  onHost: false,
  scopes: async () => null,
}

/** Where the clock of these worlds begins, ms. */
const START = Date.parse('2026-01-01T00:00:00Z')

/** Longer than anything in these worlds takes to come about, ms of the machine. */
const WITHIN_MS = 10_000

/** A world whose clock is the test's, with the real worker and the real activities that tell people. */
export interface NotificationWorld {
  world: World
  store: Store
  /** The variables that secrets are read from. */
  environment: Record<string, string | undefined>
  alarms: JsonObject[]
  /** What the worker logged, as text. */
  logged: () => string
  open: (agent: string, category: string, more?: object) => Promise<Incident>
  seat: (agent: string) => Promise<void>
  /** Turns the clock, and lets the worker look. */
  turn: (ms: number) => void
  events: (stream: string) => Promise<ActorEvent[]>
  stop: () => Promise<void>
}

/** Lets the event loop turn until something is there. @throws Error that says what was waited for. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false | null>): Promise<T> {
  const giveUpAt = performance.now() + WITHIN_MS
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== false && seen !== null) return seen
    if (performance.now() > giveUpAt) throw new Error(`never came true: ${what}`)
    await nextTurn()
  }
}

/** Starts one. */
export async function notificationWorld(
  announcing: Pick<ChannelPorts, 'find' | 'publicUrl'> & { environment: Record<string, string | undefined> },
): Promise<NotificationWorld> {
  let now = START
  const random = numbers()
  const store = createMemoryStore({ clock: { now: () => now }, random })
  const alarms: JsonObject[] = []
  const lines: string[] = []
  const org = await loadOrg()
  const registry = new Registry({
    definitions: [...escalationDefinitions({ timeScale: 1 }), ...behaviors.definitions()],
    agentType: behaviors.agentType,
    activities: [
      noticeActivity(store),
      channelActivity({ store, now: () => new Date(), ...announcing }),
      {
        activity: 'alarm',
        run: async (input) => {
          alarms.push(input)
          return []
        },
      },
    ],
    directory: () => org.directory,
  })
  const { stop, wake } = await startOn({
    store,
    registry,
    random,
    log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
    identity: { id: 'w1', pid: 1, host: 'h', startedAt: START, now: () => now },
    onAlarm: ({ code }) => void alarms.push({ code }),
  })
  const world: World = {
    store,
    registry,
    behaviors,
    host: new ActorHost({ store, registry, random, rings: false }),
    databaseUrl: 'postgresql://localhost/memory',
    directory: org.directory,
    problems: [],
    timeScale: 1,
    caller: TESTER,
  }
  return {
    world,
    store,
    environment: announcing.environment,
    alarms,
    logged: () => lines.join(''),
    open: async (agent, category, more = {}) => {
      const { incident } = await openIncident(world, { agent, category, title: 'pool exhausted', ...more })
      return incident
    },
    seat: async (agent) => void (await seatAgent(world, agent, 'human')),
    turn: (ms) => {
      now += ms
      wake()
    },
    events: (stream) => store.readStream(stream),
    stop,
  }
}

/** The real worker, woken by the test and by its own bell. */
async function startOn(
  parts: Omit<Parameters<typeof startWorkerOn>[0], 'bell' | 'pace'>,
): Promise<{ stop: () => Promise<void>; wake: () => void }> {
  const sleepers: Sleeper[] = []
  const sleeper = (): Sleeper => {
    const made = new Sleeper()
    sleepers.push(made)
    return made
  }
  const pace = {
    now: () => performance.now(),
    sleeper,
    abortAfter: (ms: number) => AbortSignal.timeout(ms),
  }
  const { stop } = await startWorkerOn({ ...parts, bell: directBell(), pace })
  return { stop, wake: () => sleepers.forEach((one) => one.wake()) }
}

/** Numbers that repeat with every run. */
function numbers(): () => number {
  let last = 7
  return () => (last = (last * 16_807) % 2_147_483_647) / 2_147_483_647
}

/** A bell whose ring is heard at once. */
function directBell(): Bell {
  let hear: Parameters<Bell['start']>[0] = async () => {}
  const work = new Set<Promise<void>>()
  return {
    isBuilt: true,
    isDeaf: () => false,
    rebuild: async () => {},
    ring: async (rings) => {
      for (const ring of rings) {
        // The worker has said in its log why; the row is rung again.
        const heard = hear(ring).catch(() => {})
        work.add(heard)
        void heard.then(() => work.delete(heard))
      }
    },
    start: async (onRing) => {
      hear = onRing
    },
    close: async () => void (await Promise.all(work)),
  }
}
