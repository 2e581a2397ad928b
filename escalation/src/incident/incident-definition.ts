import type { ActorDefinition, ActorEvent } from '@esa/actor'
import type { Directory } from '@esa/org'
import { EsaError, type JsonObject, openIncidentSchema, textOf } from '@esa/protocol'
import * as z from 'zod'
import { incidentMachine as incidentMachine1 } from '../versions/1/incident.machine.ts'
import { incidentMachine } from './incident.machine.ts'
import { pinPolicy } from '../policy/pin-policy.ts'
import { SILENCE_TYPE, silenceFor } from '../silence/silence-definition.ts'

/** The type under which incidents live in the store. */
export const INCIDENT_TYPE = 'incident'

/** The machine of each version. Version 1 had one value for all waits, and other names in its context. */
const MACHINES = { 1: incidentMachine1, 2: incidentMachine } as const

/** The incident as a durable actor. Its policy is pinned when it opens, with waits divided by `timeScale`. */
export function incidentDefinition({
  timeScale,
  version = 2,
}: {
  timeScale: number
  version?: 1 | 2
}): ActorDefinition<Directory> {
  return {
    type: INCIDENT_TYPE,
    version,
    machine: MACHINES[version],
    consults: SILENCE_TYPE,
    inputFrom: ({ body, at, consulted }, directory) => {
      const { agent, category, title, dedupKey, evidence, by } = parseOpenIncident(body)
      const policy = pinPolicy(agent, category, directory, timeScale)
      const silence = silenceFor(policy, consulted, at)
      return {
        policy,
        ...(silence === null ? {} : { silence }),
        title,
        evidence: evidence ?? null,
        dedupKey: dedupKey ?? null,
        openedBy: by ?? null,
      }
    },
  }
}

/** What must reach the CEO whatever else happens. Its paths begin there. */
const ALWAYS_OPENED: ReadonlySet<unknown> = new Set(['data-loss', 'security'])

/**
 * Incidents that one agent may open, duplicates included. Five agents that storm at once stay below the 5,000 deadlines
 * in one second up to which each is served in time.
 */
export const INCIDENT_LIMIT = {
  max: 1_000,
  windowMs: 60_000,
  openerOf: ({ type, body }: { type: string; body: JsonObject }): string | null =>
    type === INCIDENT_TYPE && !ALWAYS_OPENED.has(body['category']) ? textOf(body['agent']) : null,
}

/** What opens an incident, checked. @throws EsaError `incident.invalid` (terminal). */
export function parseOpenIncident(body: unknown): z.infer<typeof openIncidentSchema> {
  const parsed = openIncidentSchema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new EsaError(
    'incident.invalid',
    'terminal',
    `this cannot open an incident: ${z.prettifyError(parsed.error)}`,
  )
}

/** The key that is unique among open incidents: the opener's id and its dedup key, or null for none. */
export function incidentKey(agent: string, dedupKey: string | undefined): string | null {
  return dedupKey === undefined ? null : `${agent} ${dedupKey}`
}

/** The refusal among the events that a command wrote, or null when it was obeyed. */
export function refusalIn(events: readonly ActorEvent[]): { command: string; code: string } | null {
  const refused = events.findLast(({ type }) => type === 'command.refused')
  return refused === undefined
    ? null
    : { command: textOf(refused.data['command']), code: textOf(refused.data['code']) }
}
