import { doing, effects } from '@esa/actor'
import type { AgentId, JsonObject } from '@esa/protocol'
import { enqueueActions, setup } from 'xstate'
import * as act from './agent-actions.ts'
import type { AgentContext, AgentEvent, Mind } from './mind.ts'

/** What an agent starts from: facts of its card. */
type AgentInput = { agentId: AgentId; chief: AgentId | null; metrics: JsonObject[] }

/**
 * An agent: a mailbox, an inbox, a seat, and whatever its mind knows. `resting` waits for messages, `watching` also
 * looks at the world every `wakeMs`, `stopped` is out of reach until it is resumed.
 */
export function agentMachine(mind: Mind) {
  const think = act.think(mind)
  return setup({
    types: { context: {} as AgentContext, events: {} as AgentEvent, input: {} as AgentInput },
    actions: {
      ...effects,
      begin: enqueueActions(doing(act.begin)),
      think: enqueueActions(doing(think)),
      wake: enqueueActions(
        doing((context: AgentContext, event: AgentEvent) => think(context, { ...event, type: 'wake' })),
      ),
      stop: enqueueActions(doing(act.stop)),
      resume: enqueueActions(doing(act.resume)),
      miss: enqueueActions(doing(act.miss)),
    },
    guards: { watches: ({ context }) => context.wakeMs !== null },
    delays: { wake: ({ context }) => context.wakeMs ?? 0 },
  }).createMachine({
    id: 'agent',
    context: ({ input }) => ({
      ...input,
      seat: 'built-in',
      inbox: {},
      acknowledged: [],
      wakeMs: null,
      memory: {},
    }),
    initial: 'new',
    states: {
      new: { on: { start: { target: 'working', actions: 'begin' } } },
      working: {
        initial: 'resting',
        on: { stop: { target: 'stopped', actions: 'stop' }, '*': { actions: 'think' } },
        states: {
          resting: { always: { guard: 'watches', target: 'watching' } },
          watching: {
            after: { wake: { target: 'watching', reenter: true, actions: 'wake' } },
            on: { watch: { target: 'resting', actions: 'think' } },
          },
        },
      },
      stopped: {
        on: { resume: { target: 'working', actions: 'resume' }, '*': { actions: 'miss' } },
      },
    },
  })
}
