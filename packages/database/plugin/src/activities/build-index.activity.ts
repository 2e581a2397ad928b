import type { ActivityHandler } from '@esa/actor'
import { buildIndexConcurrently } from '@esa/database-advice/advise'
import { createIndexSql, type ProposedIndex } from '@esa/database-advice/measure'
import { requireThawed } from '@esa/database-migrations/apply'
import { EsaError, type JsonObject, statementHash, textOf } from '@esa/protocol'
import type { OpenTargetByName } from './open-target.activity.ts'

/**
 * Builds an index that was approved, concurrently; an existing one is success. What is built is what the approved
 * hash is of, and nothing is built on a target that is frozen.
 */
export function buildIndexActivity(openTarget: OpenTargetByName): ActivityHandler {
  return {
    activity: 'index.build',
    run: async (input, { actorId }) => {
      const wanted = proposed(input)
      if (statementHash(wanted.ddl) !== input['hash']) {
        const message = `the statement for ${wanted.name} is not the one that was approved`
        throw new EsaError('approval.other-statement', 'terminal', message)
      }
      const target = await openTarget(textOf(input['target']), 'index is built')
      try {
        await requireThawed(target.queryable)
        const { index, ms, sizeBytes } = await buildIndexConcurrently(target.queryable, wanted)
        return [{ to: actorId, type: 'index.built', body: { ...input, index, ms, sizeBytes } }]
      } finally {
        await target.close()
      }
    },
    onFailure: (input, { code, message }, actorId) => [
      { to: actorId, type: 'index.failed', body: { ...input, why: `${code}: ${message}` } },
    ],
  }
}

/** The index that an order names; its statement is made from the names, so that the two cannot differ. */
export function proposed(input: JsonObject): ProposedIndex {
  const index = input['proposedIndex']
  if (index === null || typeof index !== 'object' || Array.isArray(index)) {
    throw new EsaError('index.not-proposed', 'terminal', 'the order names no index')
  }
  const { schema, relation, columns, name } = index as JsonObject & ProposedIndex
  return { schema, relation, columns, name, ddl: createIndexSql({ schema, relation, columns, name }) }
}
