import type { ActorState } from '@esa/actor'
import { type AgentId, type Category, digestJson, isoTime, type Json, type Level } from '@esa/protocol'
import { currentContext, type IncidentContext as IncidentContext1 } from '../versions/1/incident-context.ts'
import { type IncidentContext, rungOf } from './incident-context.ts'
import type { PathStep } from '../policy/policy.ts'

/** An incident as commands and pages show it. Times ending in `At` are ISO 8601 UTC, waits are ms. */
export interface Incident {
  id: string
  agent: AgentId
  category: Category
  title: string
  status: string
  level: Level
  epoch: number
  deadlineAt: string | null
  timerKind: string | null
  path: PathStep[]
  policyHash: string
  duplicates: number
  dataLoss: boolean
  addressees: AgentId[]
  heldBy: string | null
  /** The silence that holds back its first notice. */
  silence: string | null
  dedupKey: string | null
  evidence: Json
  openedAt: string
  nowAt: string
  timeScale: number
  seq: number
}

/** The view of an incident's actor at the store time `nowMs`. */
export function incidentView(state: ActorState, nowMs: number): Incident {
  const context = incidentContext(state)
  const { policy, title, duplicates, dataLoss, addressees, acknowledgedBy, dedupKey, evidence, openedAt } =
    context
  return {
    id: state.id,
    agent: policy.agent,
    category: policy.category,
    title,
    status: state.status,
    level: rungOf(context).level,
    epoch: state.epoch,
    deadlineAt: state.timer === null ? null : isoTime(state.timer.dueAt),
    timerKind: state.timer?.kind ?? null,
    path: policy.path,
    policyHash: digestJson(policy),
    duplicates,
    dataLoss,
    addressees,
    heldBy: acknowledgedBy,
    silence: context.silence?.id ?? null,
    dedupKey,
    evidence,
    openedAt: isoTime(openedAt),
    nowAt: isoTime(nowMs),
    timeScale: policy.timeScale,
    seq: state.seq,
  }
}

/** What an incident's actor keeps, by its names of today whatever version it is of. */
export function incidentContext({ version, snapshot }: ActorState): IncidentContext {
  const { context }: { context: unknown } = snapshot
  return version === 1 ? currentContext(context as IncidentContext1) : (context as IncidentContext)
}
