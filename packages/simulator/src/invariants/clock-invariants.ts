import {
  alarms,
  count,
  eachTurn,
  faultIf,
  found,
  type Given,
  givenOf,
  type History,
  moved,
  nameOf,
  rungOf,
  type Standing,
  type Turn,
} from './history.ts'

const HOUR_MS = 3_600_000

/** 3. An acknowledgement at or before T stops the climb; one after T comes after the step that T caused. */
export function deadlineDecides(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const given = givenOf(turn)
    const { before, after, env } = turn
    if (given === null || before === null) return []
    const overdue = before.timer !== null && env.at > before.timer.dueAt
    if (overdue) return [`${given.type} came before its overdue deadline was settled`]
    if (given.type !== 'acknowledge' || !mayAcknowledge(before, given, env.unreachable)) return []
    const stopped = after.status === 'acknowledged' && after.index === before.index
    return faultIf(!stopped || moved(turn).length > 0, 'an acknowledgement in time did not stop the climb')
  })
}

/** 4. Nothing escalates at or before T. */
export function neverEarly(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const { before, env, input } = turn
    if (input.kind === 'timer')
      return faultIf(env.at <= (before?.timer?.dueAt ?? Infinity), 'a timer was served at or before T')
    const climbers = ['escalate', 'decline']
    const climbed = found(turn, 'incident.escalated') !== undefined
    return faultIf(climbed && !climbers.includes(givenOf(turn)?.type ?? ''), 'it escalated without a reason')
  })
}

/** 8. The climb is one level at a time; raises and passed levels are the only jumps, and both are recorded. */
export function oneLevelAtATime(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const { before, after } = turn
    if (before === null)
      return faultIf(after.index !== count(turn, 'incident.level_passed'), 'it opened on a higher level')
    const steps = count(turn, 'incident.escalated')
    const wanted = before.index + steps + count(turn, 'incident.level_passed')
    if (steps > 1) return ['two levels were climbed at once']
    if (found(turn, 'incident.raised') !== undefined) return []
    return faultIf(after.index !== wanted, `from level ${before.index} to ${after.index} without saying so`)
  })
}

/** A missed wait gives the next level its full wait from the instant of service (docs, "States and commands"; no number). */
export function fullWaitAfterClimb(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    if (found(turn, 'incident.escalated') === undefined) return []
    const { after, env } = turn
    return faultIf(after.timer?.dueAt !== env.at + rungOf(after).waitMs, 'a level has not its full wait')
  })
}

/** 9. The rank of the level never falls, and a data loss stays one. */
export function rankNeverFalls(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, ({ before, after }) => [
    ...faultIf(before !== null && after.index < before.index, 'the level fell'),
    ...faultIf(before?.dataLoss === true && !after.dataLoss, 'the severity fell'),
  ])
}

/** 13. A raise reaches the CEO in the same instant, with the full wait. */
export function raiseReachesCeo(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const { before, after, env } = turn
    const given = givenOf(turn)
    const who = nameOf(given?.['as'])
    const mayRaise =
      given?.type === 'raise' &&
      (who === 'operator' || (who === after.policy.agent && !env.unreachable.includes(who)))
    if (
      mayRaise &&
      before !== null &&
      before.live &&
      !before.dataLoss &&
      found(turn, 'incident.raised') === undefined
    )
      return ['an allowed raise was not obeyed']
    if (found(turn, 'incident.raised') === undefined) return []
    const { path } = after.policy
    const ceo = path.at(-1)!
    const told = found(turn, 'incident.notified')
    return [
      ...faultIf(after.index !== path.length - 1 || !after.dataLoss, 'a raise stopped below the CEO'),
      ...faultIf(
        told?.level !== 'ceo' || told.at !== env.at,
        'the CEO was not notified in the instant of the raise',
      ),
      ...faultIf(after.timer?.dueAt !== env.at + ceo.waitMs, 'a raised incident has not its full wait'),
    ]
  })
}

/** 17. Exhaustion raises an alarm that leaves the bus, and keeps raising it. */
export function exhaustionAlarms(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const { before, after, env, input } = turn
    const repeats = before?.status === 'exhausted' && input.kind === 'timer'
    if (found(turn, 'incident.exhausted') === undefined && !repeats) return []
    return [
      ...faultIf(after.status !== 'exhausted', 'an exhausted incident left by itself'),
      ...faultIf(!alarms(turn), 'no alarm was requested'),
      ...faultIf(
        repeats && found(turn, 'incident.alarmed') === undefined,
        'a repeated alarm was not recorded',
      ),
      ...faultIf(after.timer?.dueAt !== env.at + after.policy.alarmEveryMs, 'the next alarm is not armed'),
    ]
  })
}

/** 20. A suppression conserves the remaining wait, and its end notifies no one; a silence keeps the whole first wait, and its end notifies. */
export function suppressionConserves(_: History, turns: Turn[]): string[] {
  let frozen = 0
  return eachTurn(turns, (turn) => {
    const { before, after, env } = turn
    if (found(turn, 'incident.suppressed') !== undefined) frozen = (before?.timer?.dueAt ?? 0) - env.at
    if (found(turn, 'incident.unsuppressed') === undefined) return []
    if ((before?.silence ?? null) !== null) {
      const full = after.timer?.dueAt === env.at + rungOf(after).waitMs
      return faultIf(!full || found(turn, 'incident.notified') === undefined, 'a silence kept a wait')
    }
    return [
      ...faultIf(after.timer?.dueAt !== env.at + frozen, `${frozen} ms were frozen, others were given back`),
      ...faultIf(moved(turn).length > 0, 'the end of a suppression sent a notice'),
    ]
  })
}

/** 21. An acknowledgement always arms a time-out, and the time-out returns to the same level with its full wait. */
export function ackTimesOut(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const { before, after, env } = turn
    const given = givenOf(turn)
    if (found(turn, 'incident.acknowledged') !== undefined) {
      const forMs = Number(given?.['forMs'] ?? after.policy.ackTimeoutMs)
      return faultIf(after.timer?.dueAt !== env.at + forMs, 'an acknowledgement did not arm its time-out')
    }
    if (before?.status !== 'acknowledged' || turn.input.kind !== 'timer') return []
    const passed = count(turn, 'incident.level_passed')
    return [
      ...faultIf(found(turn, 'incident.ack_expired') === undefined, 'a time-out was not recorded'),
      ...faultIf(after.index !== before.index + passed, 'a time-out left its level'),
      ...faultIf(
        after.timer?.dueAt !== env.at + rungOf(after).waitMs,
        'a time-out did not give the full wait',
      ),
    ]
  })
}

/** 22. A stale escalate does not step; a current one that is allowed does. */
export function staleEscalateRests(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const given = givenOf(turn)
    const { before } = turn
    if (given?.type !== 'escalate' || before === null || given['epoch'] === undefined) return []
    const stale = given['epoch'] !== before.epoch
    return faultIf(stale && found(turn, 'command.refused') === undefined, 'a stale escalate stepped')
  })
}

/** 25. No incident is in limbo: an open one has a deadline that is still to come when it is armed. */
export function noLimbo(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, ({ before, after, env }) => {
    const armed = after.live && after.epoch !== before?.epoch
    return faultIf(armed && (after.timer?.dueAt ?? 0) < env.at, 'a deadline was armed in the past')
  })
}

/** 29. A suppression has an end: a timer is armed for it, and once that is served the wait goes on. */
export function suppressionEnds(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, ({ input, before, after }) => {
    const rests = input.kind === 'timer' && before?.status === 'suppressed' && after.status !== 'triggered'
    return [
      ...faultIf(rests, 'a suppression that was over did not end'),
      ...faultIf(
        after.status === 'suppressed' && after.timer?.kind !== 'suppression-end',
        'a suppression without an end',
      ),
    ]
  })
}

/** 31. Lateness is recorded on the first event of every timer that is served, and nowhere else. */
export function latenessIsRecorded(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, ({ input, env, before, events }) => {
    const late = input.kind === 'timer' ? env.at - (before?.timer?.dueAt ?? 0) : undefined
    return [
      ...faultIf(events[0]?.lateMs !== late, `lateness ${events[0]?.lateMs} where it is ${late}`),
      ...faultIf(
        events.slice(1).some(({ lateMs }) => lateMs !== undefined),
        'lateness is recorded twice',
      ),
    ]
  })
}

/** 16. A snooze lasts at most 4 h; a suppression by command and an acknowledgement at most 24 h, a silence until its `until`. */
export function holdsAreBounded(_: History, turns: Turn[]): string[] {
  const longest: Record<string, number> = {
    snoozed: 4 * HOUR_MS,
    suppressed: 24 * HOUR_MS,
    acknowledged: 24 * HOUR_MS,
  }
  return eachTurn(turns, ({ after, env }) => {
    const limit = longest[after.status]
    const silence = after.silence ?? null
    if (limit === undefined || after.timer === null) return []
    if (after.status === 'suppressed' && silence !== null)
      return faultIf(after.timer.dueAt !== silence.until, 'a silence does not end at its until')
    return faultIf(after.timer.dueAt - env.at > limit, `${after.status} for longer than ${limit} ms`)
  })
}

/** Who may acknowledge is decided again here, from the docs: notified so far or above on the path and not stopped, or an operator. */
function mayAcknowledge(before: Standing, given: Given, stopped: string[]): boolean {
  const { as, forMs } = given
  if (stopped.includes(nameOf(as))) return false
  if (!['triggered', 'snoozed', 'exhausted'].includes(before.status)) return false
  if (Number(forMs ?? 0) > 24 * HOUR_MS) return false
  const above = before.policy.path.slice(before.index + 1).flatMap(({ agents }) => agents)
  return as === 'operator' || [...before.notified, ...above].includes(nameOf(as))
}
