import type { ActivityHandler } from '@esa/actor'
import { buildIndexConcurrently, type ProposedIndex } from '@esa/postgres'
import { EsaError, type JsonObject, textOf } from '@esa/protocol'
import type { OpenTargetByName } from './measure.activity.ts'

/** Builds an index that was ordered, concurrently; one that stands already is success. */
export function buildIndexActivity(openTarget: OpenTargetByName): ActivityHandler {
  return {
    activity: 'index.build',
    run: async (input, { actorId }) => {
      const target = await openTarget(textOf(input['target']))
      try {
        const { index, ms, sizeBytes } = await buildIndexConcurrently(target.queryable, proposed(input))
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

function proposed(input: JsonObject): ProposedIndex {
  const index = input['proposedIndex']
  if (index === null || typeof index !== 'object' || Array.isArray(index)) {
    throw new EsaError('index.not-proposed', 'terminal', 'the order names no index')
  }
  const { schema, relation, columns, name, ddl } = index as JsonObject & ProposedIndex
  return { schema, relation, columns, name, ddl }
}
