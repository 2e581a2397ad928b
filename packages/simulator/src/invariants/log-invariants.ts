import { replay } from '@esa/actor'
import { canonicalJson } from '@esa/protocol'
import { recordedSteps, verifyChain } from '@esa/store'
import {
  count,
  eachTurn,
  faultIf,
  found,
  givenOf,
  type History,
  moved,
  noticesOf,
  repeated,
  rungOf,
  type Standing,
  targetsOf,
  type Turn,
} from './history.ts'
import { definitionOf } from './world-history.ts'

/** The timer that each open status waits for. */
const TIMER_OF: Record<string, string> = {
  triggered: 'ack-wait',
  acknowledged: 'ack-timeout',
  snoozed: 'snooze-end',
  suppressed: 'suppression-end',
  exhausted: 'alarm',
}

/** 1. There is one active level, and it is `path[index]`. */
export function oneActiveLevel(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const { level } = rungOf(turn.after)
    return turn.events
      .filter(({ type }) => type === 'incident.notified' || type === 'incident.escalated')
      .filter((event, index, told) => index === told.length - 1 && event.level !== level)
      .map((event) => `${event.type} says ${event.level}, the incident is at ${level}`)
  })
}

/** 2. A timer is armed exactly while the incident is open, the one of its status, and it is the row's deadline. */
export function timerWhileOpen({ row }: History, turns: Turn[]): string[] {
  const last = turns.at(-1)?.after
  return [
    ...eachTurn(turns, ({ after }) => {
      const { live, timer, status } = after
      if (live !== (timer !== null)) return [`${status} with ${timer === null ? 'no timer' : timer.kind}`]
      return live && timer?.kind !== TIMER_OF[status] ? [`${status} waits for ${timer?.kind}`] : []
    }),
    ...faultIf(
      canonicalJson(row.state.timer) !== canonicalJson(last?.timer ?? null),
      'the row has another deadline',
    ),
  ]
}

/** 6. A duplicate open changes neither deadline, epoch, level nor status; one of data loss raises once. */
export function duplicatesTouchNothing(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const given = givenOf(turn)
    const { before, after } = turn
    if (given?.type !== 'open' || before === null) return []
    const counted = faultIf(after.duplicates !== before.duplicates + 1, 'a duplicate was not counted')
    if (given['category'] === 'data-loss' && !before.dataLoss)
      return [...counted, ...faultIf(found(turn, 'incident.raised') === undefined, 'data loss did not raise')]
    const [was, is] = [essence(before, { duplicates: 0 }), essence(after, { duplicates: 0 })]
    return [
      ...counted,
      ...faultIf(canonicalJson(was) !== canonicalJson(is), 'a duplicate touched the incident'),
    ]
  })
}

/** 7. At most one notification for each (incident, level, epoch, target). */
export function oneNotification({ events }: History): string[] {
  const told = events.filter(({ type }) => type === 'incident.notified')
  return repeated(
    told.flatMap((event) => targetsOf(event).map((target) => `${event.level} ${event.epoch} ${target}`)),
  )
}

/** 10. After resolve nothing is armed and no one is notified, and it stays resolved. */
export function silentAfterResolve(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const { before, after } = turn
    const told = moved(turn).length + noticesOf(turn, 'incident.notice').length
    const ended = count(turn, 'incident.resolved') + count(turn, 'incident.withdrawn') > 0
    return [
      ...faultIf(ended && after.live, 'it was resolved and lives on'),
      ...faultIf(before?.live === false && after.live, 'it came back to life'),
      ...faultIf(!after.live && after.timer !== null, 'a timer is armed after the end'),
      ...faultIf(!after.live && told > 0, 'a notice was sent after the end'),
    ]
  })
}

/** 11. A refused command leaves the state as it was; only the sequence moves. */
export function refusalsTouchNothing(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const { before, after, effects } = turn
    if (found(turn, 'command.refused') === undefined || before === null) return []
    const same = canonicalJson(essence(before)) === canonicalJson(essence(after))
    return faultIf(
      !same || effects.length > 0 || turn.events.length > 1,
      'a refused command changed something',
    )
  })
}

/** 12. An input id applies once. */
export function inputsApplyOnce({ events }: History): string[] {
  return repeated(events.flatMap(({ inputId }) => (inputId === null ? [] : [inputId])))
}

/** 14. Data loss is never suppressed, snoozed or silenced; neither is an incident at the CEO. */
export function dataLossStaysLoud(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, ({ after }) => {
    const { status, dataLoss, index, policy } = after
    if (status !== 'snoozed' && status !== 'suppressed') return []
    return [
      ...faultIf(dataLoss, `data loss is ${status}`),
      ...faultIf(index === policy.path.length - 1, `an incident at the CEO is ${status}`),
    ]
  })
}

/** 15. At most one notice for each (epoch, target). */
export function oneNotice(_: History, turns: Turn[]): string[] {
  return repeated(
    turns.flatMap((turn) => noticesOf(turn, 'incident.notice').map((to) => `${turn.after.epoch} ${to}`)),
  )
}

/** 18. Replaying the log gives the same state, and the hash chain holds to its head. */
export function replayAgrees({ events, row }: History): string[] {
  const definition = definitionOf(row.state)
  if (definition === undefined) return []
  const replayed = replay(definition, recordedSteps(events))
  const chain = verifyChain(events, { seq: row.state.seq, hash: row.head })
  return [
    ...(replayed.identical ? [] : [`replay parts at event ${replayed.seq}: ${replayed.why}`]),
    ...(chain.ok ? [] : [`chain breaks at event ${chain.seq}: ${chain.why}`]),
    ...faultIf(
      replayed.identical && canonicalJson(replayed.state) !== canonicalJson(row.state),
      'the replay ends in another state than the row',
    ),
  ]
}

/** 24. The sequence has no gaps, and store time never runs backwards. */
export function orderHolds({ events, row }: History): string[] {
  return [
    ...events.flatMap(({ seq, at }, index) => [
      ...faultIf(seq !== index + 1, `event ${seq} is at place ${index + 1}`),
      ...faultIf(at < (events[index - 1]?.at ?? at), `event ${seq} is older than the one before it`),
    ]),
    ...faultIf(row.state.seq !== events.length, 'the row counts other events than the log'),
  ]
}

/** 28. Notices go only to that level's addressees, and copies to those that the policy names. */
export function onlyAddressees(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const { after, before } = turn
    const told = found(turn, 'incident.notified')
    const copied = before === null ? after.policy.copies : []
    const notices = noticesOf(turn, 'incident.notice')
    const expected = told === undefined ? [] : after.addressees
    return [
      ...faultIf(!sameAgents(notices, expected), `notices went to ${notices.join(', ')}`),
      ...faultIf(
        told !== undefined && !sameAgents(targetsOf(told), expected),
        'the log names other agents than were notified',
      ),
      ...faultIf(
        !sameAgents(noticesOf(turn, 'incident.copy'), copied),
        'copies went to others than the policy names',
      ),
      ...faultIf(
        notices.includes(after.policy.agent) && after.policy.agent !== 'agent-0',
        'an agent was notified of its own incident',
      ),
    ]
  })
}

/** 30. The pinned policy never changes. */
export function policyIsPinned(_: History, turns: Turn[]): string[] {
  const pinned = canonicalJson(turns[0]?.events[0]?.data['policy'])
  return eachTurn(turns, ({ after }) => faultIf(canonicalJson(after.policy) !== pinned, 'the policy changed'))
}

/** What of an incident a refused command may not change; `but` replaces members of its context. */
function essence({ status, live, epoch, timer, snapshot }: Standing, but = {}) {
  const { value, context } = snapshot
  return { status, live, epoch, timer, value, context: { ...context, ...but } }
}

function sameAgents(some: string[], others: string[]): boolean {
  return canonicalJson(some.toSorted()) === canonicalJson(others.toSorted())
}
