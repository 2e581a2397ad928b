import { type ActorDefinition, eventSchema } from '@esa/actor'
import { cardFacts } from '@esa/behavior'
import type { Directory } from '@esa/org'
import { agentIdSchema, EsaError, type JsonObject, textOf } from '@esa/protocol'
import * as z from 'zod'
import type { DatabaseInput } from './database-actions.ts'
import { DATABASE_EVENTS } from './database-events.ts'
import { databaseMachine } from './database.machine.ts'

/** The type under which the databases that an agent looks after live in the store; the key of each is its target. */
export const DATABASE_TYPE = 'database'

const openingSchema = z.object({ target: z.string().min(1), agentId: agentIdSchema })

/** A database that an agent looks after, as a durable actor. */
export const databaseDefinition: ActorDefinition<Directory> = {
  type: DATABASE_TYPE,
  version: 1,
  machine: databaseMachine,
  events: eventSchema(DATABASE_EVENTS),
  ownerOf: ({ agentId }) => textOf(agentId),
  inputFrom: ({ body }, directory): JsonObject => {
    const { success, data, error } = openingSchema.safeParse(body)
    if (!success)
      throw new EsaError(
        'database.invalid-order',
        'terminal',
        `this names no database: ${z.prettifyError(error)}`,
      )
    const { target, agentId } = data
    const { domain = null, metrics } = cardFacts(directory, agentId)
    return { target, agentId, domain, thresholds: metrics } satisfies DatabaseInput
  },
}
