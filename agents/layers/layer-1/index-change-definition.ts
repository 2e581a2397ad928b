import { type ActorDefinition, eventSchema } from '@esa/actor'
import { EsaError } from '@esa/protocol'
import * as z from 'zod'
import type { DatabaseContext } from './database-actions.ts'
import { DATABASE_TYPE } from './database-definition.ts'
import type { IndexChangeContext, IndexChangeInput } from './index-change-actions.ts'
import { INDEX_CHANGE_EVENTS, indexOrderSchema } from './index-change-events.ts'
import { indexChangeMachine } from './index-change.machine.ts'

/** The type under which changes of indexes live in the store; the key of each is its target and its statement's hash. */
const INDEX_CHANGE_TYPE = 'index-change'

/** A change of an index, as a durable actor. It begins with the freeze of its database at its opening. */
export const indexChangeDefinition: ActorDefinition = {
  type: INDEX_CHANGE_TYPE,
  version: 1,
  machine: indexChangeMachine,
  events: eventSchema(INDEX_CHANGE_EVENTS),
  consults: DATABASE_TYPE,
  ownerOf: (context) => (context as unknown as IndexChangeContext).agentId,
  inputFrom: ({ body, consulted }) => {
    const { success, data, error } = indexOrderSchema.safeParse(body)
    if (!success)
      throw new EsaError('index.invalid-order', 'terminal', `this orders no index: ${z.prettifyError(error)}`)
    const databases = consulted.map(({ snapshot }) => snapshot.context as unknown as DatabaseContext)
    const frozen = databases.find(({ target }) => target === data.target)?.frozen ?? null
    return { ...data, frozen } satisfies IndexChangeInput
  },
}
