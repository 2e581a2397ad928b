import { roleGrants } from '@esa/database-catalog/guard'
import type { Config } from '../../config.ts'
import { onTarget } from '../../targets/on-target.ts'
import { answer } from '@esa/cli/plugin-kit'

/** Options of `esa db grants`. */
export interface GrantsFlags {
  target: string
  schemas?: string
}

/** Prints the SQL that makes the roles of Layer 1 for a target; nothing is run. @throws EsaError `usage.schemas`, `target.unknown`, `database.*`. */
export async function printGrants(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target, schemas }: GrantsFlags,
): Promise<void> {
  const names = (schemas ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  await onTarget(config, environment, target, async ({ queryable }) => {
    const grants = await roleGrants(queryable, names)
    answer(config, { findings: [], ...grants }, () => grants.sql.trimEnd())
  })
}
