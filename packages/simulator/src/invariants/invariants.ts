import {
  deadlineDecides,
  neverEarly,
  oneLevelAtATime,
  fullWaitAfterClimb,
  rankNeverFalls,
  raiseReachesCeo,
  exhaustionAlarms,
  suppressionConserves,
  ackTimesOut,
  staleEscalateRests,
  noLimbo,
  latenessIsRecorded,
  suppressionEnds,
  holdsAreBounded,
} from './clock-invariants.ts'
import {
  lastDeclineClimbs,
  reassignmentConserves,
  staleNoticesRest,
  strangersAreRefused,
} from './command-invariants.ts'
import { type History, type Turn, turnsOf } from './history.ts'
import {
  oneActiveLevel,
  timerWhileOpen,
  duplicatesTouchNothing,
  oneNotification,
  silentAfterResolve,
  refusalsTouchNothing,
  inputsApplyOnce,
  dataLossStaysLoud,
  oneNotice,
  replayAgrees,
  orderHolds,
  onlyAddressees,
  policyIsPinned,
} from './log-invariants.ts'
import { isIncident, type WorldHistory } from './world-history.ts'
import {
  climbsToTheEnd,
  noticesEnd,
  redisMayVanish,
  rowAndEventTogether,
  servedInTime,
  workersAreOne,
} from './world-invariants.ts'

/** A promise about every incident, by its number in docs/escalation.md, "What always holds". It answers with faults. */
export interface Invariant {
  number: number
  check: (history: History, turns: Turn[]) => string[]
}

/** Every invariant that a log and its row can show. */
export const INVARIANTS: readonly Invariant[] = [
  { number: 1, check: oneActiveLevel },
  { number: 2, check: timerWhileOpen },
  { number: 3, check: deadlineDecides },
  { number: 4, check: neverEarly },
  { number: 4, check: lastDeclineClimbs },
  { number: 6, check: duplicatesTouchNothing },
  { number: 7, check: oneNotification },
  { number: 8, check: oneLevelAtATime },
  { number: 8, check: fullWaitAfterClimb },
  { number: 9, check: rankNeverFalls },
  { number: 10, check: silentAfterResolve },
  { number: 11, check: refusalsTouchNothing },
  { number: 11, check: strangersAreRefused },
  { number: 11, check: staleNoticesRest },
  { number: 12, check: inputsApplyOnce },
  { number: 13, check: raiseReachesCeo },
  { number: 14, check: dataLossStaysLoud },
  { number: 15, check: oneNotice },
  { number: 16, check: holdsAreBounded },
  { number: 17, check: exhaustionAlarms },
  { number: 18, check: replayAgrees },
  { number: 20, check: suppressionConserves },
  { number: 20, check: reassignmentConserves },
  { number: 21, check: ackTimesOut },
  { number: 22, check: staleEscalateRests },
  { number: 24, check: orderHolds },
  { number: 25, check: noLimbo },
  { number: 28, check: onlyAddressees },
  { number: 29, check: suppressionEnds },
  { number: 30, check: policyIsPinned },
  { number: 31, check: latenessIsRecorded },
]

/** Those that hold for the log of every actor, an agent's mailbox as well. */
const OF_EVERY_ACTOR = new Set([12, 18, 24])

/** A promise about a whole world. It is checked where the world shows what it `needs`. */
export interface WorldInvariant {
  number: number
  check: (world: WorldHistory) => string[]
  needs: readonly (keyof WorldHistory)[]
}

/** The invariants that one incident's log cannot show. */
export const WORLD_INVARIANTS: readonly WorldInvariant[] = [
  { number: 5, check: servedInTime, needs: ['outages'] },
  { number: 19, check: climbsToTheEnd, needs: ['outages'] },
  { number: 23, check: workersAreOne, needs: ['messages', 'activities'] },
  { number: 26, check: rowAndEventTogether, needs: ['commits'] },
  { number: 27, check: noticesEnd, needs: ['activities'] },
  { number: 32, check: redisMayVanish, needs: ['redisLosses'] },
]

/** Every broken invariant of an incident's history, as `number name: fault`. */
export function brokenInvariants(history: History): string[] {
  const turns = turnsOf(history)
  return INVARIANTS.flatMap(({ number, check }) => named(number, check, check(history, turns)))
}

/** Every broken invariant of a world: of each incident, of each mailbox, and of the whole. */
export function brokenWorldInvariants(world: WorldHistory): string[] {
  const ofActors = world.actors.flatMap((history) => {
    const faults = isIncident(history) ? brokenInvariants(history) : brokenMailbox(history)
    return faults.map((fault) => `${fault} [${history.row.state.id}]`)
  })
  const ofWorld = checkableIn(world).flatMap(({ number, check }) => named(number, check, check(world)))
  return [...ofActors, ...ofWorld]
}

/** The invariants of a whole world that this one shows enough for. */
export function checkableIn(world: WorldHistory): WorldInvariant[] {
  return WORLD_INVARIANTS.filter(({ needs }) => needs.every((member) => world[member] !== undefined))
}

function brokenMailbox(history: History): string[] {
  const own = INVARIANTS.filter(({ number }) => OF_EVERY_ACTOR.has(number))
  return own.flatMap(({ number, check }) => named(number, check, check(history, [])))
}

function named(number: number, { name }: { name: string }, faults: string[]): string[] {
  return faults.map((fault) => `${number} ${name}: ${fault}`)
}
