import type { StepFacts } from '@esa/actor'
import type { AgentId, Json } from '@esa/protocol'
import type { PathStep, Policy } from '../policy/policy.ts'

/** What an incident carries through its life. Everything in it survives JSON; times are ms. */
export type IncidentContext = {
  policy: Policy
  title: string
  evidence: Json
  dedupKey: string | null
  openedBy: string | null
  openedAt: number
  /** The incident's level. */
  index: number
  /** Who is addressed in this round of the rung; a reassignment replaces them. */
  addressees: AgentId[]
  /** Addressees of this round who declined. */
  declined: AgentId[]
  /** Addressees of this round whom no notice reached. */
  failed: AgentId[]
  /** Everyone notified so far, at any rung. */
  notified: AgentId[]
  /** Counts the times that addressees were notified: the fence of a notice. */
  notificationRound: number
  /** How long the level may hold the incident without an acknowledgement, from the instant at which its wait is armed. */
  waitMs: number
  /** How long the acknowledgement holds. */
  holdMs: number
  snoozeMs: number
  suppressMs: number
  /** What a suppression left of the wait. */
  remainingMs: number
  duplicates: number
  dataLoss: boolean
  /** The CEO missed a wait and was notified once more. */
  ceoRenotified: boolean
  acknowledgedBy: string | null
  /** The silence under which it opened; null once its level was notified, absent when there was none. */
  silence?: HeldBySilence | null
}

/** The silence that holds back an incident's first notice: until when, ms since the Unix epoch, and why. */
export type HeldBySilence = { id: string; until: number; reason: string }

/** What the machine starts from; `incident.opened` records it whole. */
export type IncidentInput = {
  policy: Policy
  title: string
  evidence: Json
  dedupKey: string | null
  openedBy: string | null
  silence?: HeldBySilence
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

/** Addressees of this round who could still answer: not stopped, not failed, not declined. */
export function reachable(context: IncidentContext, event: StepFacts): AgentId[] {
  const gone = new Set([...event.facts.unreachable, ...context.failed, ...context.declined])
  return context.addressees.filter((agent) => !gone.has(agent))
}
