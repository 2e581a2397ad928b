import type { ActivityHandler } from '@esa/actor'
import { EsaError } from '@esa/protocol'
import type { Mind } from './mind.ts'

/**
 * Handlers for the activities that behaviors perform by plugins which are not configured: each declines at once, so that
 * the requester learns it. An activity of a plugin that is configured gets none: a newer worker may have it.
 */
export function declinedActivities(
  minds: readonly Mind[],
  configured: ReadonlySet<string>,
): ActivityHandler[] {
  return minds.flatMap(({ needs }) =>
    needs === undefined || configured.has(needs.plugin)
      ? []
      : Object.entries(needs.activities).map(([activity, outcome]) =>
          declined(activity, outcome, needs.plugin),
        ),
  )
}

function declined(activity: string, outcome: string, plugin: string): ActivityHandler {
  return {
    activity,
    run: async () => {
      throw new EsaError('task.not-installed', 'terminal', `the plugin ${plugin} is not configured here`, {
        hint: 'add it to "plugins" of esa.config.ts',
      })
    },
    onFailure: (input, { code, message }, actorId) => [
      { to: actorId, type: outcome, body: { ...input, why: `${code}: ${message}` } },
    ],
  }
}
