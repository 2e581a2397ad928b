import type { ActorEvent } from '@esa/actor'
import {
  type ActivityRow,
  brokenInvariants,
  brokenWorldInvariants,
  checkableIn,
  type History,
  INVARIANTS,
  type Turn,
  turnsOf,
  World,
  WORLD_INVARIANTS,
  type WorldHistory,
} from '@esa/simulator'
import { describe, expect, it } from 'vitest'
import { projectOrg } from '../incidents/project-org.ts'

const directory = projectOrg()
const MIN = 60_000
const HOUR = 60 * MIN

/** An incident that sees everything once: it is what the tampering starts from. */
async function fullLife(): Promise<{ world: World; history: History }> {
  const world = new World({ directory })
  const opening = {
    agent: 'layer-1',
    category: 'integration',
    title: 'a full life',
    dedupKey: 'full',
  } as const
  const { id } = (await world.open(opening)).state
  await world.command(id, { type: 'acknowledge', as: 'layer-14' })
  await world.open(opening)
  await world.command(id, { type: 'decline', as: 'layer-2', reason: 'busy' })
  await world.tell(id, { type: 'notice.failed', target: 'layer-3', visit: 0, why: 'stale' })
  await world.command(id, { type: 'reassign', as: 'operator', to: 'layer-3' })
  await world.command(id, { type: 'suppress', as: 'operator', forMs: HOUR })
  await world.advance(HOUR + 10)
  await world.command(id, { type: 'escalate', as: 'operator', epoch: 0 })
  await world.command(id, { type: 'acknowledge', as: 'layer-2' })
  await world.advance(2 * HOUR + 10)
  await world.command(id, { type: 'snooze', as: 'layer-3', forMs: 4 * HOUR })
  await world.advance(4 * HOUR + 10 + 31 * MIN)
  await world.command(id, { type: 'raise', as: 'layer-1' })
  await world.advance(9 * HOUR)
  await world.command(id, { type: 'resolve', as: 'operator', cause: 'seen it all' })
  return { world, history: await world.history(id) }
}

type Seen = { history: History; turns: Turn[] }

/** The first turn that wrote an event of a type, after `since` others of it. */
function turnOf({ turns }: Seen, type: string, since = 0): Turn {
  const found = turns.filter(({ events }) => events.some((event) => event.type === type))[since]
  expect(found, `a turn with ${type}`).toBeDefined()
  return found!
}

function eventOf(seen: Seen, type: string, since = 0): ActorEvent {
  return turnOf(seen, type, since).events.find((event) => event.type === type)!
}

function later(turn: Turn, ms: number): void {
  turn.after.timer = { ...turn.after.timer!, dueAt: turn.after.timer!.dueAt + ms }
}

/** What each check must see, by its name; each tampers with one fact of a full life. */
const TAMPERED: Record<string, (seen: Seen) => void> = {
  oneActiveLevel: (seen) => (eventOf(seen, 'incident.notified').level = 'ceo'),
  timerWhileOpen: (seen) => (turnOf(seen, 'incident.snoozed').after.timer = null),
  deadlineDecides: (seen) => {
    const turn = turnOf(seen, 'incident.acknowledged')
    turn.env = { ...turn.env, at: turn.before!.timer!.dueAt + 1 }
  },
  neverEarly: (seen) => {
    const turn = turnOf(seen, 'incident.escalated')
    turn.env = { ...turn.env, at: turn.before!.timer!.dueAt }
  },
  lastDeclineClimbs: (seen) => {
    const turn = turnOf(seen, 'incident.declined')
    turn.env = { ...turn.env, unreachable: ['layer-2', 'layer-3'] }
  },
  strangersAreRefused: (seen) => (turnOf(seen, 'command.refused').events = []),
  staleNoticesRest: (seen) => (turnOf(seen, 'notice.failed').after.epoch += 1),
  duplicatesTouchNothing: (seen) => (turnOf(seen, 'incident.duplicated').after.epoch += 1),
  oneNotification: ({ history }) => {
    history.events.find(({ type }) => type === 'incident.notified')!.data['targets'] = ['layer-2', 'layer-2']
  },
  oneLevelAtATime: (seen) => (turnOf(seen, 'incident.escalated').after.index = 2),
  fullWaitAfterClimb: (seen) => later(turnOf(seen, 'incident.escalated'), -1),
  rankNeverFalls: (seen) => (turnOf(seen, 'incident.exhausted').after.dataLoss = false),
  silentAfterResolve: (seen) => {
    turnOf(seen, 'incident.resolved').after.timer = turnOf(seen, 'incident.exhausted').after.timer
  },
  refusalsTouchNothing: (seen) => later(turnOf(seen, 'command.refused'), 1),
  inputsApplyOnce: ({ history: { events } }) => (events.at(-1)!.inputId = events[0]!.inputId),
  raiseReachesCeo: (seen) => later(turnOf(seen, 'incident.raised'), -1),
  dataLossStaysLoud: (seen) => (turnOf(seen, 'incident.suppressed').after.dataLoss = true),
  oneNotice: (seen) => {
    const turn = turnOf(seen, 'incident.escalated')
    turn.effects = [...turn.effects, ...turn.effects]
  },
  holdsAreBounded: (seen) => later(turnOf(seen, 'incident.snoozed'), 1),
  exhaustionAlarms: (seen) => (turnOf(seen, 'incident.alarmed').effects = []),
  replayAgrees: ({ history: { events } }) => (events[5]!.data = { malice: true }),
  suppressionConserves: (seen) => later(turnOf(seen, 'incident.unsuppressed'), 1),
  reassignmentConserves: (seen) => later(turnOf(seen, 'incident.reassigned'), 1),
  ackTimesOut: (seen) => (turnOf(seen, 'incident.ack_expired').after.index += 1),
  staleEscalateRests: (seen) => (turnOf(seen, 'command.refused', 1).events = []),
  orderHolds: ({ history: { events } }) => (events.at(-1)!.at = 0),
  noLimbo: (seen) => later(turnOf(seen, 'incident.escalated'), -2 * HOUR),
  onlyAddressees: (seen) => (turnOf(seen, 'incident.escalated').effects = []),
  suppressionEnds: (seen) => {
    const turn = turnOf(seen, 'incident.suppressed')
    turn.after.timer = { ...turn.after.timer!, kind: 'ack-wait' }
  },
  policyIsPinned: (seen) => {
    const turn = turnOf(seen, 'incident.escalated')
    turn.after.policy = { ...turn.after.policy, ackTimeoutMs: 1 }
  },
  latenessIsRecorded: (seen) => delete eventOf(seen, 'incident.escalated').lateMs,
}

describe('a tampered log is seen', () => {
  it.each(INVARIANTS)('$number $check.name', async ({ check }) => {
    const { history } = await fullLife()
    const seen = { history, turns: turnsOf(history) }
    expect(check(seen.history, seen.turns)).toEqual([])
    TAMPERED[check.name]!(seen)
    expect(check(seen.history, seen.turns)).not.toEqual([])
  })

  it('and what is not tampered with is not', async () => {
    expect(brokenInvariants((await fullLife()).history)).toEqual([])
  })
})

/** A world with one silent incident, half an hour after its opening; its notices were sent. */
async function silentWorld(): Promise<WorldHistory> {
  const world = new World({ directory })
  const { id } = (await world.open({ agent: 'layer-1', category: 'integration', title: 'silent' })).state
  await world.tell(id, { type: 'notice.sent', target: 'layer-2', visit: 1 })
  await world.tell(id, { type: 'notice.sent', target: 'layer-3', visit: 1 })
  await world.advance(31 * MIN)
  await world.tell(id, { type: 'notice.sent', target: 'chief-1', visit: 2 })
  const history = await world.history(id)
  const ended = { doneAt: history.row.state.at, outcome: 'done', activity: 'notice.deliver' }
  const activities = turnsOf(history).flatMap(({ effects, env }) =>
    effects.map(({ id: effect }): ActivityRow => ({ id: effect, actorId: id, at: env.at, ...ended })),
  )
  const mark = { actorId: id, row: 'commit 7', event: 'commit 7' }
  return {
    nowMs: history.row.state.at,
    actors: [history],
    outages: [],
    messages: [],
    activities,
    commits: [mark],
    redisLosses: [history.events[0]!.at],
  }
}

const TAMPERED_WORLD: Record<string, (world: WorldHistory) => void> = {
  servedInTime: (world) => (world.nowMs += 2 * HOUR),
  climbsToTheEnd: (world) => (world.nowMs += 20 * HOUR),
  workersAreOne: (world) => world.activities!.pop(),
  rowAndEventTogether: (world) => (world.commits![0]!.event = 'commit 8'),
  noticesEnd: (world) => {
    const { events } = world.actors[0]!
    events.splice(
      events.findIndex(({ type }) => type === 'notice.sent'),
      1,
    )
    world.nowMs += 11 * MIN
  },
  redisMayVanish: (world) => {
    Object.assign(world.activities![0]!, { doneAt: null })
  },
}

describe('a tampered world is seen', () => {
  it.each(WORLD_INVARIANTS)('$number $check.name', async ({ check }) => {
    const world = await silentWorld()
    expect(brokenWorldInvariants(world)).toEqual([])
    expect(checkableIn(world)).toEqual(WORLD_INVARIANTS)
    TAMPERED_WORLD[check.name]!(world)
    expect(check(world)).not.toEqual([])
  })

  it('but a deadline that fell into an outage is not late, and a herd is not a promise', async () => {
    const [served] = WORLD_INVARIANTS.map(({ check }) => check)
    const world = await silentWorld()
    world.nowMs += 2 * HOUR
    expect(served!(world)).toHaveLength(1)
    const outage = { from: world.nowMs - 2 * HOUR, to: world.nowMs - 999 }
    expect(served!({ ...world, outages: [outage] })).toEqual([])
    expect(served!({ ...world, outages: [{ ...outage, to: world.nowMs - 1_001 }] })).toHaveLength(1)
    const herd = Array.from({ length: 5_001 }, () => world.actors[0]!)
    expect(served!({ ...world, actors: herd.slice(1) })).toHaveLength(5_000)
    expect(served!({ ...world, actors: herd })).toEqual([])
  })

  it('what a world does not show is not checked', async () => {
    const { nowMs, actors, outages } = await silentWorld()
    expect(checkableIn({ nowMs, actors, outages }).map(({ number }) => number)).toEqual([5, 19])
  })
})
