import { EsaError, type JsonObject, SCOPES } from '@esa/protocol'
import { z } from 'zod'
import type { ActorDefinition, StepFacts } from './actor-definition.ts'

/** What the runtime puts on every event of a message: its sender, on whose behalf it acts, the person behind it, its own id. */
const CARRIED = {
  from: z.string().optional(),
  as: z.string().optional(),
  by: z.string().optional(),
  messageId: z.string().optional(),
  scopes: z.array(z.enum(SCOPES)).nullable().optional(),
}

/** The events of one machine: a row for each type, with the fields that the machine reads of it. */
export type EventRows = Record<string, z.ZodRawShape>

/** One event of a machine as its actions see it: its start, or a row with what the runtime carries, and the facts of the step. */
export type EventOf<Rows extends EventRows> =
  | ({ type: 'start' } & StepFacts)
  | {
      [Type in keyof Rows & string]: { type: Type } & z.output<z.ZodObject<Rows[Type] & typeof CARRIED>> &
        StepFacts
    }[keyof Rows & string]

/** Reads a machine's events once, before the machine sees them. Fields that no row names are left out; the log keeps them. */
export function eventSchema(rows: EventRows): z.ZodType<{ type: string }> {
  const options = Object.entries(rows).map(([type, row]) =>
    z.object({ type: z.literal(type), ...CARRIED, ...row }),
  )
  const [first, ...more] = options
  if (first === undefined) return z.never()
  return z.discriminatedUnion('type', [first, ...more])
}

/** An event as the machine's rows read it. @throws EsaError `actor.event-unreadable` (terminal) that says which fields are wrong. */
export function readEvent(
  { type, version, events }: Pick<ActorDefinition, 'type' | 'version' | 'events'>,
  event: JsonObject & { type: string },
): { type: string } {
  if (events === undefined) return event
  const { success, data, error } = events.safeParse(event)
  if (success) return data
  const faults = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new EsaError(
    'actor.event-unreadable',
    'terminal',
    `${type} version ${version} cannot read the event "${event.type}": ${faults.join('; ')}`,
    { details: { faults } },
  )
}
