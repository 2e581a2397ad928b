import type { ActorDefinition, ActorState } from '@esa/actor'
import type { Directory } from '@esa/org'
import { type AgentId, agentIdSchema, type Category, categorySchema, EsaError, isoTime } from '@esa/protocol'
import * as z from 'zod'
import type { HeldBySilence } from '../incident/incident-context.ts'
import type { Policy } from '../policy/policy.ts'
import { type SilenceContext, silenceMachine } from './silence.machine.ts'

/** The type under which silences live in the store. */
export const SILENCE_TYPE = 'silence'

/** What adds a silence. `until` is ms since the Unix epoch by the store's clock; no category means every one. */
const openSilenceSchema = z.strictObject({
  agent: agentIdSchema,
  category: categorySchema.optional(),
  until: z.int().positive(),
  reason: z.string().trim().min(1).max(1_000),
  by: z.string().max(200).optional(),
})
export type OpenSilence = z.infer<typeof openSilenceSchema>

/** What adds a silence, checked. @throws EsaError `silence.invalid` (terminal). */
export function parseOpenSilence(body: unknown): OpenSilence {
  const parsed = openSilenceSchema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new EsaError('silence.invalid', 'terminal', `Invalid silence: ${z.prettifyError(parsed.error)}`)
}

/** The silence as a durable actor. Its deadline is its `until`, taken as given whatever the time scale. */
export function silenceDefinition(): ActorDefinition<Directory> {
  return {
    type: SILENCE_TYPE,
    version: 1,
    machine: silenceMachine,
    inputFrom: ({ body }) => {
      const { agent, category = null, until, reason, by = null } = parseOpenSilence(body)
      return { agent, category, until, reason, by }
    },
  }
}

/**
 * The silence under which an incident of this policy opens at `at` (ms): of all that match, the one that lasts longest.
 * None when its path begins at the CEO, as every data loss does.
 */
export function silenceFor(policy: Policy, silences: ActorState[], at: number): HeldBySilence | null {
  if (policy.path[0]?.level === 'ceo') return null
  const matching = silences
    .map((state) => ({ id: state.id, ...silenceContext(state) }))
    .filter(
      ({ agent, category }) => agent === policy.agent && (category ?? policy.category) === policy.category,
    )
    .filter(({ until }) => until > at)
  const longest = matching.toSorted((a, b) => b.until - a.until)[0]
  if (longest === undefined) return null
  const { id, until, reason } = longest
  return { id, until, reason }
}

/** A silence as commands show it. `held` counts the incidents that opened under it. */
export interface Silence {
  id: string
  agent: AgentId
  category: Category | null
  status: string
  untilAt: string
  reason: string
  by: string | null
  addedAt: string
  held: number
}

/** The view of a silence's actor. */
export function silenceView(state: ActorState): Silence {
  const { agent, category, until, reason, by, addedAt, held } = silenceContext(state)
  return {
    id: state.id,
    agent,
    category,
    status: state.status,
    untilAt: isoTime(until),
    reason,
    by,
    addedAt: isoTime(addedAt),
    held: held.length,
  }
}

function silenceContext({ snapshot }: ActorState): SilenceContext {
  const { context }: { context: unknown } = snapshot
  return context as SilenceContext
}
