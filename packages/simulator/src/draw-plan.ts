import type { Directory } from '@esa/org'
import { HOLD_MAX_MS, SNOOZE_MAX_MS } from '@esa/protocol'
import {
  type Asked,
  type Moment,
  type MomentOf,
  type Plan,
  PLAN_CATEGORIES,
  STEP_POINTS,
  type When,
} from './plan.ts'
import { Random } from './random.ts'

const MIN = 60_000
const HOUR = 60 * MIN
const DAY = 24 * HOUR

/** Incidents of a run: with their lives of most of a day, more than 40 of them are open on the average. */
const INCIDENTS = 250

/** Mean time until an incident is ended, ms. */
const LIFE_MS = 20 * HOUR

/** Most epochs of one incident at which someone acts. */
const EPOCHS_MAX = 9

/** Durations at the limits and past them. */
const HOLDS = [1, 10 * MIN, 2 * HOUR, SNOOZE_MAX_MS, SNOOZE_MAX_MS + 1, HOLD_MAX_MS, HOLD_MAX_MS + 1]

/** Around a deadline: at T itself, just before, just after. */
const AROUND = [-1, 0, 1, 2]

/** What an agent that opens incidents calls them. */
const KEYS = ['disk', 'latency', 'deploy']

/** The kinds of fault; each run has some of them, and how many of each. Source: docs/reliability.md, "Simulator". */
const SWARM: { [kind: string]: (random: Random, lastsMs: number, workers: number) => Moment[] } = {
  crashes: (random, lastsMs, workers) =>
    times(random.between(5, 40), () => ({
      do: 'crash',
      atMs: random.between(0, lastsMs),
      worker: random.between(0, workers - 1),
      point: random.pick(STEP_POINTS),
      backInMs: random.pick([50, 2_000, 30_000, 10 * MIN]),
    })),
  freezes: (random, lastsMs, workers) =>
    times(random.between(2, 10), () => ({
      do: 'freeze',
      atMs: random.between(0, lastsMs),
      worker: random.between(0, workers - 1),
      forMs: random.pick([2_000, 20_000, 5 * MIN]),
    })),
  downtime: (random, lastsMs) =>
    times(random.between(1, 2), () => ({
      do: 'workers-down',
      atMs: random.between(0, lastsMs),
      forMs: random.pick([10 * MIN, 90 * MIN, 5 * HOUR]),
    })),
  storeTrouble: (random, lastsMs) =>
    times(random.between(1, 8), () => ({
      do: 'store-down',
      atMs: random.between(0, lastsMs),
      forMs: random.pick([200, 5_000, 5 * MIN, 2 * HOUR, 5 * HOUR]),
    })),
  lostAnswers: (random, lastsMs) =>
    times(random.between(5, 60), () => ({ do: 'lost-answer', atMs: random.between(0, lastsMs) })),
  wipes: (random, lastsMs) =>
    times(random.between(1, 10), () => ({ do: 'bus-wiped', atMs: random.between(0, lastsMs) })),
  noBus: (random, lastsMs) =>
    times(random.between(1, 4), () => ({
      do: 'bus-down',
      atMs: random.between(0, lastsMs),
      forMs: random.pick([1_000, MIN, 2 * HOUR]),
    })),
  badBus: (random, lastsMs) =>
    times(random.between(1, 4), () => ({
      do: 'bus-bad',
      atMs: random.between(0, lastsMs),
      forMs: random.between(HOUR, 12 * HOUR),
      lose: random.pick([0, 0.1, 0.5]),
      double: random.pick([0, 0.3]),
      late: random.pick([0, 0.3]),
    })),
  lostWakes: (random, lastsMs) => [
    { do: 'deaf', atMs: random.between(0, lastsMs), forMs: random.between(HOUR, DAY) },
  ],
  badActivities: (random, lastsMs) =>
    times(random.between(1, 4), () => ({
      do: 'activities-bad',
      atMs: random.between(0, lastsMs),
      forMs: random.between(10 * MIN, 6 * HOUR),
      fail: random.pick([0.1, 0.5, 0.9]),
      hang: random.pick([0, 0.1]),
    })),
  interleaving: (random, lastsMs) =>
    times(random.between(1, 6), () => ({
      do: 'interleaved',
      atMs: random.between(0, lastsMs),
      forMs: random.between(HOUR, 8 * HOUR),
      pause: random.pick([0.02, 0.2, 0.6]),
    })),
  clocks: (random, lastsMs, workers) =>
    times(random.between(1, 4), () => ({
      do: 'clock-jump',
      atMs: random.between(0, lastsMs),
      worker: random.between(0, workers - 1),
      byMs: random.pick([-2 * HOUR, 2 * HOUR, 3_000]),
    })),
}

/** How long a run lasts, ms, and how many incidents are opened in it. */
export interface PlanSize {
  lastsMs: number
  incidents: number
}

const THREE_DAYS: PlanSize = { lastsMs: 3 * DAY, incidents: INCIDENTS }

/** What a seed means, spelled out: three days of an organization, and what goes wrong in them. */
export function drawPlan(seed: bigint, directory: Directory, size: PlanSize = THREE_DAYS): Plan {
  const { lastsMs } = size
  const root = new Random(seed, 'plan')
  const workers = root.between(2, 3)
  const mailboxes = root.chance(0.25)
  const agents = directory.all().map(({ id }) => id)
  const people = root.fork(`people ${seed}`)
  const incidents = times(size.incidents, (number) => lifeOf(number, people, agents, lastsMs)).flat()
  const kinds = Object.entries(SWARM).filter(() => root.chance(0.5))
  const faults = kinds.flatMap(([kind, draw]) => draw(root.fork(`${kind} ${seed}`), lastsMs, workers))
  const edits = root.chance(0.5) ? cardsAndStops(root, agents, lastsMs) : []
  return { seed: String(seed), lastsMs, workers, mailboxes, moments: [...incidents, ...edits, ...faults] }
}

function lifeOf(incident: number, random: Random, agents: readonly string[], lastsMs: number): Moment[] {
  // A few agents open most incidents, so that keys meet.
  const agent = random.chance(0.5) ? random.pick(agents.slice(0, 25)) : random.pick(agents)
  const category = random.pick(PLAN_CATEGORIES)
  const atMs = random.between(0, lastsMs)
  const key = random.chance(0.4) ? { key: random.pick(KEYS) } : {}
  const moments: Moment[] = [{ do: 'open', atMs, incident, agent, category, ...key }]
  for (let epoch = 1; epoch <= EPOCHS_MAX; epoch += random.between(1, 3)) {
    if (random.chance(0.25)) break
    moments.push({
      do: 'command',
      incident,
      when: whenIn(epoch, random),
      asked: asked(random, agents),
      by: wayOf(random),
    })
    if (random.chance(0.15)) moments.push({ do: 'ring', incident, when: whenIn(epoch, random) })
  }
  const endsAt = atMs + random.wait(LIFE_MS)
  const end: Asked = { type: 'resolve', as: 'operator' }
  if (endsAt < lastsMs)
    moments.push({ do: 'command', incident, when: { atMs: endsAt }, asked: end, by: wayOf(random) })
  return moments
}

/** Most often around the deadline that this epoch armed, else somewhere before it. */
function whenIn(epoch: number, random: Random): When {
  if (random.chance(0.6)) return { epoch, plusMs: random.pick(AROUND) }
  return { epoch, afterMs: random.wait(20 * MIN) }
}

function asked(random: Random, agents: readonly string[]): Asked {
  const as = random.pick([
    'operator',
    'operator',
    'addressee',
    'addressee',
    'addressee',
    'opener',
    'ceo',
    random.pick(agents),
  ])
  const forMs = random.pick(HOLDS)
  switch (random.between(0, 11)) {
    case 0:
    case 1:
    case 2:
      return { type: 'acknowledge', as, ...(random.chance(0.5) ? { forMs } : {}) }
    case 3:
      return { type: 'decline', as }
    case 4:
      return { type: 'snooze', as, forMs }
    case 5:
      return { type: 'suppress', as: 'operator', forMs }
    case 6:
      return { type: 'unsuppress', as: 'operator' }
    case 7:
    case 8:
      return { type: 'escalate', as, ...(random.chance(0.5) ? { epochPlus: random.between(-1, 1) } : {}) }
    case 9:
      return { type: 'reassign', as: 'operator', to: random.pick(agents) }
    case 10:
      return { type: 'raise', as: random.chance(0.3) ? 'opener' : as }
    default:
      return random.chance(0.3)
        ? { type: 'withdraw', as: 'opener' }
        : { type: 'acknowledge', as: 'addressee' }
  }
}

function wayOf(random: Random): 'cli' | 'message' {
  return random.chance(0.7) ? 'cli' : 'message'
}

function cardsAndStops(random: Random, agents: readonly string[], lastsMs: number): Moment[] {
  const edits = times(random.between(0, 6), (): MomentOf<'card'> => ({
    do: 'card',
    atMs: random.between(0, lastsMs),
    agent: random.pick(agents),
    times: random.pick([0.5, 2, 3]),
  }))
  const stops = times(random.between(0, 4), (): MomentOf<'stop'> => ({
    do: 'stop',
    atMs: random.between(0, lastsMs),
    agent: random.pick(agents),
  }))
  return [...edits, ...stops]
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}
