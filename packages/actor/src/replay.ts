import { isEsaError, sameJson } from '@esa/protocol'
import type { ActorDefinition, ActorEvent, ActorState, StepEnv, StepInput } from './actor-definition.ts'
import { step } from './step.ts'

/** One step as the log holds it: what came in, what the store knew, and the events that came out. */
export interface RecordedStep {
  input: StepInput
  env: StepEnv
  events: ActorEvent[]
}

/** The outcome of a replay: the state it reached, or the first event at which it parted from the log. */
export type Replay =
  | { identical: true; state: ActorState | null }
  | { identical: false; seq: number; why: string }

/** Runs recorded inputs again, compares each event with the log's, and stops at the first difference. Sends nothing. */
export function replay(definition: ActorDefinition, steps: Iterable<RecordedStep>): Replay {
  let state: ActorState | null = null
  for (const recorded of steps) {
    const firstSeq = recorded.events[0]?.seq ?? (state?.seq ?? 0) + 1
    try {
      const taken = step(definition, state, recorded.input, recorded.env)
      const difference = firstDifference(recorded.events, taken.events)
      if (difference !== null) return { identical: false, ...difference }
      state = taken.state
    } catch (error) {
      const why = isEsaError(error) ? `${error.code}: ${error.message}` : String(error)
      return { identical: false, seq: firstSeq, why }
    }
  }
  return { identical: true, state }
}

function firstDifference(logged: ActorEvent[], replayed: ActorEvent[]): { seq: number; why: string } | null {
  for (let i = 0; i < Math.max(logged.length, replayed.length); i++) {
    const [was, is] = [logged[i], replayed[i]]
    if (sameJson(was, is)) continue
    const seq = was?.seq ?? is?.seq ?? 0
    return { seq, why: `logged ${was?.type ?? 'nothing'}, replayed ${is?.type ?? 'nothing'}` }
  }
  return null
}
