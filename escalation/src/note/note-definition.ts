import type { ActorDefinition, ActorState } from '@esa/actor'
import type { Directory } from '@esa/org'
import { EsaError, isoTime, NOTE_MAX, ulidSchema } from '@esa/protocol'
import * as z from 'zod'
import { type NoteContext, noteMachine } from './note.machine.ts'

/** The type under which notes live in the store. */
export const NOTE_TYPE = 'note'

const openNoteSchema = z.strictObject({
  incidentId: ulidSchema,
  as: z.string(),
  by: z.string().max(200),
  text: z.string().trim().min(1).max(NOTE_MAX),
})

/** What writes a note, checked. @throws EsaError `note.invalid` (terminal). */
export function parseOpenNote(body: unknown): z.infer<typeof openNoteSchema> {
  const parsed = openNoteSchema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new EsaError('note.invalid', 'terminal', `Invalid note: ${z.prettifyError(parsed.error)}`)
}

/** The note as a durable actor. */
export function noteDefinition(): ActorDefinition<Directory> {
  return { type: NOTE_TYPE, version: 1, machine: noteMachine, inputFrom: ({ body }) => parseOpenNote(body) }
}

/** A note as commands show it. */
export interface Note {
  id: string
  incidentId: string
  at: string
  as: string
  by: string
  text: string
}

/** The view of a note's actor. */
export function noteView({ id, snapshot }: ActorState): Note {
  const { context }: { context: unknown } = snapshot
  const { incidentId, writtenAt, as, by, text } = context as NoteContext
  return { id, incidentId, at: isoTime(writtenAt), as, by, text }
}
