import type { OpenTarget } from '../activities/open-target.activity.ts'
import { mapPgError } from '@esa/pg-server'
import type { Config } from '../config.ts'
import { warnOfPassword } from './password-warning.ts'
import { type OpenOptions, openTarget } from './targets.ts'

/**
 * Lets `work` use a target and closes it, however that ends. A database that is away is an error of the call.
 * @throws what `work` throws, EsaError `target.*`, `database.*`.
 */
export async function onTarget<T>(
  config: Config,
  environment: NodeJS.ProcessEnv,
  name: string,
  work: (target: OpenTarget) => Promise<T>,
  options: OpenOptions = {},
): Promise<T> {
  warnOfPassword(name)
  const target = await openTarget(config, name, environment, options)
  try {
    await target.queryable.query('select 1')
    return await work(target)
  } catch (error) {
    throw mapPgError(error)
  } finally {
    await target.close()
  }
}
