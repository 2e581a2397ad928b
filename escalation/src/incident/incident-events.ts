import type { StepFacts } from '@esa/actor'
import type { AgentId } from '@esa/protocol'
import type { IncidentCommand } from './commands.ts'

/** What becomes of a notice: the activity that delivers says so. `visit` is the round of its notice. */
export type NoticeFact = {
  type: 'notice.sent' | 'notice.failed' | 'notice.dropped'
  target: AgentId
  visit: number
  why?: string
  /** The level that the notice was for. */
  level?: string
}

/** A second open with the same agent and key. */
export type DuplicateOpen = { type: 'open'; category: string; by?: string }

/** Every event an incident understands. Timers come as XState's own `xstate.after.*`. */
export type IncidentEvent = (
  | { type: 'start' }
  | IncidentCommand
  | DuplicateOpen
  | NoticeFact
  | { type: 'agent.stopped'; agent: AgentId }
  | { type: 'silence.ended'; as: string }
) &
  StepFacts
