import type { SetFreeze } from '@esa/operations/views'
import { freezeDatabase, readFreeze, thawDatabase } from '@esa/database-catalog/guard'
import { isoTime } from '@esa/protocol'
import type { Config } from '../../config.ts'
import { onTarget } from '../../targets/on-target.ts'

/** Sets and removes the flag in the target itself. @throws EsaError `database.permission`, `target.unknown` (terminal), `database.*`. */
export function setFreeze(config: Config, environment: NodeJS.ProcessEnv, target: string): SetFreeze {
  return (freeze) =>
    onTarget(config, environment, target, async ({ queryable }) => {
      if (freeze === null) {
        const was = await thawDatabase(queryable)
        return was === null ? null : { reason: was.reason, at: null }
      }
      await freezeDatabase(queryable, freeze)
      const stands = await readFreeze(queryable)
      return stands === null ? null : { reason: stands.reason, at: isoTime(stands.at) }
    })
}
