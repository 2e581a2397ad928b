import { type Effect, step } from '@esa/actor'
import { recordedSteps } from '@esa/store'
import { faultIf, type History, noticesOf, type Standing, turnsOf } from './history.ts'
import {
  backAfter,
  definitionOf,
  downtimeIn,
  GRACE_MS,
  isIncident,
  type WorldHistory,
} from './world-history.ts'

/** More deadlines than this in one second are a herd, to which the second does not apply. Source: docs/escalation.md, 5. */
const HERD = 5_000

/**
 * The bound within which a notice ends, ms: six tries of 30 s, their pauses of 15.5 s, and four rings that went
 * unheard (2 s, doubling) before a try; rounded up.
 */
const NOTICE_BOUND_MS = 10 * 60_000

/** What a worker that lost its bell needs to take a row again, ms: the longest pause between two rings (64 s) and the work. */
const HEARD_AGAIN_MS = 2 * 60_000

/** 5. Every deadline is served within 1 s of T while a worker lives, or within 1 s of one being back. */
export function servedInTime(world: WorldHistory): string[] {
  return lateOf(world, deadlinesOf(world))
}

/** 19. When no one acts, every open incident is exhausted within the sum of its waits. */
export function climbsToTheEnd({ actors, nowMs, outages }: WorldHistory): string[] {
  return actors.filter(isIncident).flatMap((history) => {
    const turns = turnsOf(history)
    return turns.flatMap((turn, index) => {
      const limit = turn.input.kind === 'timer' ? null : longestClimb(turn.after)
      if (limit === null) return []
      const rest = turns.slice(index + 1)
      const next = rest.find(({ input, after }) => input.kind !== 'timer' || after.status === 'exhausted')
      const span = { from: turn.env.at, to: next?.env.at ?? nowMs }
      const tookMs = span.to - span.from - downtimeIn(span, outages)
      return faultIf(
        tookMs > limit,
        `${history.row.state.id}: not exhausted ${tookMs} ms after ${turn.input.id}`,
      )
    })
  })
}

/** 23. What workers left behind is what one worker makes of the same inputs in the recorded order, no row more or less. */
export function workersAreOne({ actors, messages = [], activities = [] }: WorldHistory): string[] {
  const effects = actors.flatMap(effectsOf)
  const asked = new Set(effects.map(({ id }) => id))
  const all = [...messages, ...activities]
  const rows = new Map(all.map((row) => [row.id, row]))
  return [
    ...effects.flatMap((effect) =>
      faultIf(
        !isRowOf(effect, rows.get(effect.id)),
        `${effect.kind} ${effect.id} was requested and is missing`,
      ),
    ),
    ...activities.flatMap(({ id }) => faultIf(!asked.has(id), `activity ${id} was never requested`)),
    ...faultIf(rows.size !== all.length, 'a row is there twice'),
  ]
}

/** 26. An actor's row and its newest event were written by the same commit. */
export function rowAndEventTogether({ commits = [] }: WorldHistory): string[] {
  return commits.flatMap(({ actorId, row, event }) =>
    faultIf(row !== event, `the row of ${actorId} is of commit ${row}, its newest event of ${event}`),
  )
}

/** 27. Every notice ends once, as sent, failed or dropped, within ten minutes of a living worker. */
export function noticesEnd({ actors, nowMs, outages }: WorldHistory): string[] {
  return actors.filter(isIncident).flatMap(({ events, row }) => {
    const ends = events.filter(({ type }) => /^notice\.(?:sent|failed|dropped)$/.test(type))
    return turnsOf({ events, row }).flatMap((turn) =>
      noticesOf(turn, 'incident.notice').flatMap((target) => {
        const { notificationRound: visit } = turn.after
        const own = ends.filter(({ data }) => data['target'] === target && data['visit'] === visit)
        const span = { from: turn.env.at, to: own[0]?.at ?? nowMs }
        const tookMs = span.to - span.from - downtimeIn(span, outages)
        const notice = `${row.state.id}: notice ${visit} to ${target}`
        return [
          ...faultIf(own.length > 1, `${notice} ended ${own.length} times`),
          ...faultIf(tookMs > NOTICE_BOUND_MS, `${notice} did not end in time`),
        ]
      }),
    )
  })
}

/** 32. A loss of all that Redis held loses no deadline that was armed at that instant, and no row that waited for its bell. */
export function redisMayVanish(world: WorldHistory): string[] {
  const { nowMs, outages, redisLosses = [], messages = [], activities = [] } = world
  return redisLosses.flatMap((lostAt) => [
    ...lateOf(
      world,
      deadlinesOf(world).filter(({ armedAt, dueAt }) => armedAt <= lostAt && lostAt <= dueAt + GRACE_MS),
    ),
    ...[...messages, ...activities].flatMap((row) => {
      if (row.at > lostAt || ('deadCode' in row && row.deadCode !== null)) return []
      const waitedMs = nowMs - lostAt - downtimeIn({ from: lostAt, to: nowMs }, outages)
      const lost = row.doneAt === null && waitedMs > HEARD_AGAIN_MS
      return faultIf(lost, `${row.id} was lost with Redis at ${lostAt}`)
    }),
  ])
}

type Deadline = { actorId: string; armedAt: number; dueAt: number; servedAt: number | null }

/** Every deadline that a timer served, and those that still stand. One that a command replaced in time is none. */
function deadlinesOf({ actors }: WorldHistory): Deadline[] {
  return actors.flatMap(({ events, row }) => {
    const { id, timer, epoch } = row.state
    const armedAt = (until: number, of: number): number =>
      events.find((event) => event.epoch === of && event.at <= until)?.at ?? 0
    const served = events.flatMap(({ at, lateMs, input }) =>
      lateMs === undefined
        ? []
        : [
            {
              actorId: id,
              armedAt: armedAt(at, input?.kind === 'timer' ? input.epoch : 0),
              dueAt: at - lateMs,
              servedAt: at,
            },
          ],
    )
    if (timer === null) return served
    return [...served, { actorId: id, armedAt: armedAt(Infinity, epoch), dueAt: timer.dueAt, servedAt: null }]
  })
}

function lateOf({ nowMs, outages }: WorldHistory, deadlines: Deadline[]): string[] {
  const due = deadlines.map((deadline) => ({ ...deadline, from: backAfter(deadline.dueAt, outages) }))
  const inSecond = Map.groupBy(due, ({ from }) => Math.floor(from / 1_000))
  return due.flatMap(({ actorId, dueAt, servedAt, from }) => {
    if (inSecond.get(Math.floor(from / 1_000))!.length > HERD) return []
    const lateMs = (servedAt ?? nowMs) - from
    const how = servedAt === null ? 'not served yet' : 'served'
    return faultIf(lateMs > GRACE_MS, `${actorId}: the deadline ${dueAt} was ${how} ${lateMs} ms late`)
  })
}

/** The longest time that an untouched incident takes until it is exhausted, ms; null when it is over. */
function longestClimb({ status, live, timer, at, index, remainingMs, policy }: Standing): number | null {
  if (!live || timer === null || status === 'exhausted') return null
  const { path } = policy
  const ceoMs = path.at(-1)!.waitMs
  const above = path.slice(index + 1).reduce((sum, { waitMs }) => sum + waitMs, 0)
  // An acknowledgement or a snooze that ends gives the rung its full wait again; a suppression what it froze.
  const again = status === 'triggered' ? 0 : Math.max(path[index]!.waitMs, remainingMs)
  const stops = path.length - index + 3
  return timer.dueAt - at + again + above + ceoMs + stops * GRACE_MS
}

function effectsOf({ events, row }: History): Effect[] {
  const definition = definitionOf(row.state)
  if (definition === undefined) return []
  let state: History['row']['state'] | null = null
  return recordedSteps(events).flatMap(({ input, env }) => {
    const taken = step(definition, state, input, env)
    state = taken.state
    return taken.effects
  })
}

/** True when a row carries what an effect requested. */
function isRowOf(
  effect: Effect,
  row: NonNullable<WorldHistory['messages'] | WorldHistory['activities']>[number] | undefined,
): boolean {
  if (row === undefined) return false
  if (effect.kind === 'perform') return 'activity' in row && row.activity === effect.activity
  if (!('toActor' in row)) return false
  if (effect.kind === 'send') return row.toActor === effect.to && row.type === effect.type
  return row.toType === effect.actorType && row.toKey === effect.key
}
