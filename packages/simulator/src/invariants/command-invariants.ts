import {
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

/** Who may ask for what, read once more from docs/escalation.md, "Who may act"; an operator may ask for everything. */
const WHO: Record<string, (asks: { responder: boolean; addressee: boolean; opener: boolean }) => boolean> = {
  acknowledge: ({ responder }) => responder,
  resolve: ({ responder }) => responder,
  snooze: ({ responder }) => responder,
  escalate: ({ responder, opener }) => responder || opener,
  decline: ({ addressee }) => addressee,
  withdraw: ({ opener }) => opener,
  raise: ({ opener }) => opener,
  suppress: () => false,
  unsuppress: () => false,
  reassign: () => false,
}

/** 11. A caller without the right is refused. */
export function strangersAreRefused(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const given = givenOf(turn)
    const { before, env } = turn
    if (given === null || before === null || !Object.hasOwn(WHO, given.type)) return []
    const obeyed = found(turn, 'command.refused') === undefined
    const who = nameOf(given['as'])
    return faultIf(obeyed && !mayAsk(before, given, env.unreachable), `${who} was obeyed: ${given.type}`)
  })
}

/** 11. What became of a notice of an earlier visit is noted, and changes nothing. */
export function staleNoticesRest(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const given = givenOf(turn)
    const { before, after } = turn
    if (given?.type !== 'notice.failed' || before === null || given['visit'] === before.notificationRound)
      return []
    const same = before.index === after.index && before.epoch === after.epoch
    return faultIf(!same || before.failed.length !== after.failed.length, 'a stale failure counted')
  })
}

/** 4. A decline climbs exactly when no addressee of this round is left who could answer. */
export function lastDeclineClimbs(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const given = givenOf(turn)
    const { before, env } = turn
    if (given?.type !== 'decline' || before === null || found(turn, 'incident.declined') === undefined)
      return []
    const who = nameOf(given['as'])
    const declined = who === 'operator' ? before.addressees : [...before.declined, who]
    const gone = new Set([...declined, ...before.failed, ...env.unreachable])
    const isLast = before.addressees.every((agent) => gone.has(agent))
    return faultIf(
      isLast !== moved(turn).length > 0,
      isLast ? 'the last decline did not climb' : 'one decline climbed',
    )
  })
}

/** 20. A reassignment keeps the running wait's deadline, and gives a full wait out of an acknowledgement. It has no number of its own. */
export function reassignmentConserves(_: History, turns: Turn[]): string[] {
  return eachTurn(turns, (turn) => {
    const { before, after, env } = turn
    if (found(turn, 'incident.reassigned') === undefined || before === null) return []
    const fullAt = env.at + rungOf(after).waitMs
    const dueAt = before.status === 'triggered' ? before.timer?.dueAt : fullAt
    return faultIf(after.timer?.dueAt !== dueAt, 'a reassignment moved the deadline')
  })
}

function mayAsk(before: Standing, { type, as }: Given, stopped: string[]): boolean {
  const who = nameOf(as)
  if (who === 'operator') return true
  if (stopped.includes(who)) return false
  const above = before.policy.path.slice(before.index + 1).flatMap(({ agents }) => agents)
  return WHO[type]!({
    responder: [...before.notified, ...above].includes(who),
    addressee: before.addressees.includes(who),
    opener: before.policy.agent === who,
  })
}
