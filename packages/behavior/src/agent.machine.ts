import { effects, toActions } from '@esa/actor'
import { setup } from 'xstate'
import * as act from './agent-actions.ts'
import { takeCard } from './card-facts.ts'
import type { AgentContext, AgentEvent, CardFacts, Mind } from './mind.ts'
import { arm, nextDue, wake } from './schedule.ts'

/** What an agent starts from: facts of its card, and of the organization around it. */
type AgentInput = CardFacts & Pick<AgentContext, 'agentId'>

/**
 * An agent: a mailbox, an inbox, a seat, and whatever its mind knows. `resting` waits for messages, `watching` also has
 * an instant at which it looks at the world or escalates what was not answered, `stopped` is out of reach until it is
 * resumed.
 */
export function agentMachine(mind: Mind, doneBy: act.DoneBy) {
  return setup({
    types: { context: {} as AgentContext, events: {} as AgentEvent, input: {} as AgentInput },
    actions: {
      ...effects,
      ...toActions({
        begin: act.begin,
        think: act.think(mind, doneBy),
        wake: wake(mind),
        arm,
        stop: act.stop,
        resume: act.resume,
        miss: act.miss,
        takeCard,
      }),
    },
    guards: {
      hasDue: ({ context }) => nextDue(context) !== null,
      hasNone: ({ context }) => nextDue(context) === null,
      moved: ({ context }) => nextDue(context) !== context.armedFor,
    },
    delays: { wake: ({ context }) => context.armMs ?? 0 },
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
        on: {
          stop: { target: 'stopped', actions: 'stop' },
          'card.changed': { actions: 'takeCard' },
          '*': { actions: 'think' },
        },
        states: {
          resting: { always: { guard: 'hasDue', target: 'watching' } },
          watching: {
            entry: 'arm',
            after: { wake: { actions: 'wake' } },
            always: [
              { guard: 'hasNone', target: 'resting' },
              { guard: 'moved', target: 'watching', reenter: true },
            ],
          },
        },
      },
      stopped: {
        on: {
          resume: { target: 'working', actions: 'resume' },
          'card.changed': { actions: 'takeCard' },
          '*': { actions: 'miss' },
        },
      },
    },
  })
}
