import type { ActivityHandler } from '@esa/actor'
import { freezeDatabase } from '@esa/database-catalog/guard'
import { textOf } from '@esa/protocol'
import type { OpenTargetByName } from './open-target.activity.ts'

/**
 * Freezes a database by the flag in the database itself, for the CEO. Where the role of the target may not write it, which
 * is how it should be, that is what the CEO learns: an operator freezes it by hand.
 */
export function freezeActivity(openTarget: OpenTargetByName): ActivityHandler {
  return {
    activity: 'database.freeze',
    run: async ({ target: name, reason }, { actorId }) => {
      const target = await openTarget(textOf(name))
      try {
        await freezeDatabase(target.queryable, { reason: textOf(reason), by: actorId })
        return [{ to: actorId, type: 'freeze.done', body: { target: name, reason } }]
      } finally {
        await target.close()
      }
    },
    onFailure: ({ target }, { code, message }, actorId) => [
      { to: actorId, type: 'freeze.failed', body: { target, why: `${code}: ${message}` } },
    ],
  }
}
