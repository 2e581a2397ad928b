import { type Level, LEVELS } from '@esa/protocol'
import type { IncidentFact } from './figure-sources.ts'

/** Where incidents are resolved when the organization is well. Source: docs/escalation.md, "What operators see". */
const HEALTHY: Record<Level, number> = { peer: 0.6, chief: 0.25, domain: 0.1, ceo: 0.05 }

/** Emergencies are fewer than this of all that is opened, when the organization is well. */
const EMERGENCIES_HEALTHY = 0.01

/** Fewer than this tell nothing about a share. */
const ENOUGH = 20

/** Production that is down, a breach, data that is lost or may be. Source: docs/protocol.md. */
const EMERGENCY_CATEGORIES = new Set<unknown>(['production', 'security', 'data-loss'])

/** Where incidents were resolved. Shares are of `n`, and null when `n` is too few to tell. */
export interface ResolvedShares {
  n: number
  tooFew: boolean
  levels: { level: Level; n: number; share: number | null; healthy: number }[]
}

/** How many of all that was opened was an emergency: by its category, or raised to data loss. */
export interface EmergencyShare {
  opened: number
  tooFew: boolean
  n: number
  share: number | null
  healthyBelow: number
}

/** Shares resolved at each level. What its opener withdrew counts nowhere. */
export function resolvedShares(facts: readonly IncidentFact[]): ResolvedShares {
  const resolved = facts.filter(({ type }) => type === 'incident.resolved')
  const n = resolved.length
  const levels = LEVELS.map((level) => {
    const here = resolved.filter((fact) => fact.level === level).length
    return { level, n: here, share: n < ENOUGH ? null : here / n, healthy: HEALTHY[level] }
  })
  return { n, tooFew: n < ENOUGH, levels }
}

/** The share of emergencies in what was opened. */
export function emergencyShare(facts: readonly IncidentFact[]): EmergencyShare {
  const openings = facts.filter(({ type }) => type === 'incident.opened')
  const raised = new Set(facts.filter(({ type }) => type === 'incident.raised').map(({ stream }) => stream))
  const emergencies = openings.filter(
    ({ stream, fields }) => EMERGENCY_CATEGORIES.has(fields[0]) || raised.has(stream),
  )
  const [opened, n] = [openings.length, emergencies.length]
  const tooFew = opened < ENOUGH
  return { opened, tooFew, n, share: tooFew ? null : n / opened, healthyBelow: EMERGENCIES_HEALTHY }
}
