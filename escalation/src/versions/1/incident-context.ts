import type { StepFacts } from '@esa/actor'
import type { AgentId, Json } from '@esa/protocol'
import type { HeldBySilence, IncidentContext as CurrentContext } from '../../incident/incident-context.ts'
import type { PathStep, Policy } from '../../policy/policy.ts'

/** What an incident of version 1 carries through its life. Everything in it survives JSON; times are ms. */
export type IncidentContext = {
  policy: Policy
  title: string
  evidence: Json
  dedupKey: string | null
  openedBy: string | null
  openedAt: number
  /** The incident's level. */
  index: number
  /** Who was notified in this round of the level; a reassignment replaces them. */
  addressees: AgentId[]
  /** Addressees of this visit who declined. */
  declined: AgentId[]
  /** Addressees of this visit whom no notice reached. */
  failed: AgentId[]
  /** All notified so far, at any level. */
  told: AgentId[]
  /** Counts the rounds of notices: the fence of a notice. */
  visit: number
  /** The delay of the state that is being entered. */
  armMs: number
  /** What a suppression left of the wait. */
  remainingMs: number
  duplicates: number
  dataLoss: boolean
  ceoToldAgain: boolean
  heldBy: string | null
  /** The silence under which it opened; null once it was notified, absent when there was none. */
  silence?: HeldBySilence | null
}

/** An incident's level. */
export function rungOf(context: IncidentContext): PathStep {
  const rung = context.policy.path[context.index]
  if (rung === undefined)
    throw new RangeError(`no rung ${context.index} on a path of ${context.policy.path.length}`)
  return rung
}

/** The silence that holds back an incident's first notice, or null. */
export function silenceOf({ silence }: IncidentContext): HeldBySilence | null {
  return silence ?? null
}

/** True on the last rung: the CEO's. */
export function atCeo(context: IncidentContext): boolean {
  return context.index === context.policy.path.length - 1
}

/** Addressees of this visit who could still answer: not stopped, not failed, not declined. */
export function reachable(context: IncidentContext, event: StepFacts): AgentId[] {
  const gone = new Set([...event.facts.unreachable, ...context.failed, ...context.declined])
  return context.addressees.filter((agent) => !gone.has(agent))
}

/** What version 1 keeps, under the names that the newest version gives it: what is shown reads these. */
export function currentContext(context: IncidentContext): CurrentContext {
  const { told, visit, armMs, ceoToldAgain, heldBy, ...kept } = context
  return {
    ...kept,
    notified: told,
    notificationRound: visit,
    waitMs: armMs,
    holdMs: armMs,
    snoozeMs: armMs,
    suppressMs: armMs,
    ceoRenotified: ceoToldAgain,
    acknowledgedBy: heldBy,
  }
}
