import { type ActorState, step, type StepEnv, type StepInput } from '@esa/actor'
import type { ActorWrite, Store } from '@esa/store'
import { scriptedAgent } from '@esa/runtime/testing'

/** Actors of one commit while a herd is loaded. */
const CHUNK = 1_000

/** Writes `count` actors whose deadlines are all the same ms, `inMs` from now, as their own steps would. Answers with that ms. */
export async function loadHerd(store: Store, count: number, inMs: number): Promise<number> {
  const { nowMs } = await store.runtime()
  const dueAt = nowMs + inMs
  for (let from = 0; from < count; from += CHUNK) {
    await store.transact(async (tx) => {
      const env = await tx.env()
      if (env.at > dueAt) throw new Error(`${from} of ${count} actors loaded when the deadline came`)
      const size = Math.min(CHUNK, count - from)
      const actors = Array.from({ length: size }, (_, n) => armed(`herd-${from + n}`, dueAt, env))
      await tx.write({ at: env.at, actors, messages: [], activities: [], doneMessages: [], rung: true })
    })
  }
  return dueAt
}

function armed(id: string, dueAt: number, env: StepEnv): ActorWrite {
  const inputs: StepInput[] = [
    { kind: 'start', id, input: {}, event: {} },
    { kind: 'event', id: `${id}-arm`, event: { type: 'arm', waitMs: dueAt - env.at } },
  ]
  let state: ActorState | null = null
  const steps = inputs.map((input) => {
    const taken = step(scriptedAgent, state, input, env)
    state = taken.state
    return { input, env, events: taken.events }
  })
  return { locked: null, key: null, state: state!, steps }
}
