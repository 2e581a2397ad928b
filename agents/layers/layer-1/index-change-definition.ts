import { type ActorDefinition, eventSchema } from '@esa/actor'
import { EsaError, textOf } from '@esa/protocol'
import * as z from 'zod'
import { DATABASE_TYPE } from './database-definition.ts'
import type { IndexChangeInput } from './index-change-actions.ts'
import { INDEX_CHANGE_EVENTS, indexOrderSchema } from './index-change-events.ts'
import { indexChangeMachine } from './index-change.machine.ts'

/** The type under which changes of indexes live in the store; the key of each is its target and its statement's hash. */
const INDEX_CHANGE_TYPE = 'index-change'

/** The freeze of a database, as its actor keeps it. */
const frozenSchema = z.object({ reason: z.string(), as: z.string() }).nullable()

/** A change of an index, as a durable actor. It begins with the freeze of its database at its opening. */
export const indexChangeDefinition: ActorDefinition = {
  type: INDEX_CHANGE_TYPE,
  version: 1,
  machine: indexChangeMachine,
  events: eventSchema(INDEX_CHANGE_EVENTS),
  consults: DATABASE_TYPE,
  ownerOf: ({ agentId }) => textOf(agentId),
  inputFrom: ({ body, consulted }) => {
    const { success, data, error } = indexOrderSchema.safeParse(body)
    if (!success)
      throw new EsaError('index.invalid-order', 'terminal', `this orders no index: ${z.prettifyError(error)}`)
    const database = consulted.find(({ snapshot }) => snapshot.context['target'] === data.target)
    const frozen = frozenSchema.parse(database?.snapshot.context['frozen'] ?? null)
    return { ...data, frozen } satisfies IndexChangeInput
  },
}
