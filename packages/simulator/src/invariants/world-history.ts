import type { ActorDefinition, ActorState } from '@esa/actor'
import { behaviors } from '@esa/agents'
import { INCIDENT_TYPE } from '@esa/escalation'
import type { Directory } from '@esa/org'
import type { MessageRow } from '@esa/store'
import { definition, type History } from './history.ts'

/** A span of store time, ms since the Unix epoch. */
export interface Span {
  from: number
  to: number
}

/** An activity's row: what was requested, and its outcome. */
export interface ActivityRow {
  id: string
  actorId: string
  activity: string
  at: number
  doneAt: number | null
  outcome: string | null
}

/**
 * The marks that commits left: one on an actor's row, one on its newest event. They are equal exactly when one commit
 * wrote both. On PostgreSQL they are the two rows' `xmin`.
 */
export interface CommitMark {
  actorId: string
  row: string
  event: string
}

/**
 * What is known of a whole simulated runtime at the end of a run. The runner gives what it can see; an invariant that needs
 * more is not checked. Times are the store's, ms since the Unix epoch.
 */
export interface WorldHistory {
  nowMs: number
  /** The log and the row of every incident; those of the agents' mailboxes too, where there are any. */
  actors: History[]
  /** Spans in which no worker lived, or the store did not answer. */
  outages: Span[]
  messages?: MessageRow[]
  activities?: ActivityRow[]
  commits?: CommitMark[]
  /** Instants at which Redis lost all that it held. */
  redisLosses?: number[]
}

/** True for an incident; every other actor is an agent's mailbox. */
export function isIncident({ row }: History): boolean {
  return row.state.type === INCIDENT_TYPE
}

let agents: Map<string, ActorDefinition<Directory>> | null = null

/** The machine that an actor of this world runs on; undefined for one that this version does not know. */
export function definitionOf({ type, version }: ActorState): ActorDefinition<Directory> | undefined {
  if (type === INCIDENT_TYPE) return definition
  agents ??= new Map(behaviors.definitions().map((agent) => [agent.type, agent]))
  const found = agents.get(type)
  return found?.version === version ? found : undefined
}

/** The first instant from `at` on at which a process lived that could act. */
export function backAfter(at: number, outages: readonly Span[]): number {
  let instant = at
  for (const { from, to } of outages.toSorted((a, b) => a.from - b.from)) {
    // One that begins within the second of grace may have taken the process that was about to act.
    if (from <= instant + GRACE_MS && to > instant) instant = to
  }
  return instant
}

/** How much of a span no worker lived, ms. */
export function downtimeIn(span: Span, outages: readonly Span[]): number {
  const down = outages.map(({ from, to }) => Math.min(to, span.to) - Math.max(from, span.from))
  return down.reduce((sum, ms) => sum + Math.max(0, ms), 0)
}

/** A deadline is served this long after it, or after a worker is back, at most, ms. Source: docs/escalation.md, 5. */
export const GRACE_MS = 1_000
