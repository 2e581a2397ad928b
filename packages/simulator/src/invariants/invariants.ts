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
  holdsAreBounded,
} from './clock-invariants.ts'
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
  { number: 6, check: duplicatesTouchNothing },
  { number: 7, check: oneNotification },
  { number: 8, check: oneLevelAtATime },
  { number: 8, check: fullWaitAfterClimb },
  { number: 9, check: rankNeverFalls },
  { number: 10, check: silentAfterResolve },
  { number: 11, check: refusalsTouchNothing },
  { number: 12, check: inputsApplyOnce },
  { number: 13, check: raiseReachesCeo },
  { number: 14, check: dataLossStaysLoud },
  { number: 15, check: oneNotice },
  { number: 16, check: holdsAreBounded },
  { number: 17, check: exhaustionAlarms },
  { number: 18, check: replayAgrees },
  { number: 20, check: suppressionConserves },
  { number: 21, check: ackTimesOut },
  { number: 22, check: staleEscalateRests },
  { number: 24, check: orderHolds },
  { number: 25, check: noLimbo },
  { number: 28, check: onlyAddressees },
  { number: 30, check: policyIsPinned },
  { number: 31, check: latenessIsRecorded },
]

/** Every broken invariant of a history, as `number name: fault`. */
export function brokenInvariants(history: History): string[] {
  const turns = turnsOf(history)
  return INVARIANTS.flatMap(({ number, check }) =>
    check(history, turns).map((fault) => `${number} ${check.name}: ${fault}`),
  )
}
