import * as z from 'zod'
import type { Category } from './ladder-words.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** What may have happened to an agent, in the words of the organization's table. */
export const situationSchema = z.enum([
  'stuck',
  'missing-resource',
  'across-divisions',
  'strategic-conflict',
  'too-large',
  'slower',
  'production',
  'security',
])
export type Situation = z.infer<typeof situationSchema>

/** The category an agent's trouble is escalated in, and how long it may be talked about first, ms. */
export interface Escalating {
  category: Category
  afterMs: number
}

/**
 * When an agent escalates what it ran into, and in which category; who is notified then, and when: the ladder of the
 * category says. Source: docs/protocol.md, "When to escalate".
 */
export const WHEN_TO_ESCALATE: Record<Situation, Escalating> = {
  stuck: { category: 'integration', afterMs: 30 * MINUTE_MS },
  'missing-resource': { category: 'blocker', afterMs: HOUR_MS },
  'across-divisions': { category: 'coordination', afterMs: 0 },
  'strategic-conflict': { category: 'architecture', afterMs: 0 },
  'too-large': { category: 'overload', afterMs: 0 },
  slower: { category: 'performance', afterMs: 15 * MINUTE_MS },
  production: { category: 'production', afterMs: 0 },
  security: { category: 'security', afterMs: 0 },
}

/** How long peers may leave a conflict unsettled before it climbs, ms. Source: docs/protocol.md, "Conflicts". */
export const CONFLICT_PEERS_MS = 24 * HOUR_MS
