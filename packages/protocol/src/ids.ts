import { ulid } from 'ulid'
import * as z from 'zod'

/** The seven kinds of agent on the organization chart. */
export const AGENT_KINDS = ['ceo', 'chief', 'domain', 'layer', 'expert', 'operational', 'life-ceo'] as const
export type AgentKind = (typeof AGENT_KINDS)[number]

/** An agent's id as the organization chart writes it: `agent-0`, `chief-1`, `layer-61`, `ops-63`, `lifeceo-health`. */
export const agentIdSchema = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/, 'an agent id looks like layer-1, chief-6 or lifeceo-health')
export type AgentId = string

/** The CEO's id: every path ends here. */
export const CEO_ID: AgentId = 'agent-0'

/** A ULID: 26 characters of Crockford base 32, in time order. */
export const ulidSchema = z
  .string()
  .regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, 'an id is a ULID of 26 characters')

/**
 * A new ULID for the instant `atMs` (Unix ms); `random` gives numbers in [0, 1), so that a seeded run repeats its ids.
 */
export function newId(atMs: number, random: () => number): string {
  return ulid(atMs, random)
}
