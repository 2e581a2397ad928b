import { type Change, CLOSED_TAG, effects, type StepFacts, toActions } from '@esa/actor'
import { setup } from 'xstate'

/** What a person or agent wrote about an incident: in whose name, and which person or process it was. */
export type NoteInput = { incidentId: string; as: string; by: string; text: string }

/** What a note carries; `writtenAt` in ms. */
export type NoteContext = NoteInput & { writtenAt: number }

function write({ incidentId, as, by, text }: NoteContext, { at }: StepFacts): Change<NoteContext> {
  return {
    set: { writtenAt: at },
    record: [{ type: 'note.written', actor: as, data: { incidentId, by, text } }],
  }
}

/** A note: written once, and no more. It changes nothing of the incident that it is about. Source: docs/escalation.md, "Notes". */
export const noteMachine = setup({
  types: {
    context: {} as NoteContext,
    events: {} as { type: 'start' } & StepFacts,
    input: {} as NoteInput,
  },
  actions: { ...effects, ...toActions({ write }) },
}).createMachine({
  id: 'note',
  context: ({ input }) => ({ ...input, writtenAt: 0 }),
  initial: 'new',
  states: {
    new: { on: { start: { target: 'written', actions: 'write' } } },
    written: { tags: [CLOSED_TAG] },
  },
})
