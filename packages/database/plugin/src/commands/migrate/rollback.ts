import { rollBackMigrations } from '@esa/database-migrations/apply'
import { answer, colours } from '@esa/cli/plugin-kit'
import type { Config } from '../../config.ts'
import { type ApplyFlags, applying } from './apply.ts'

/** Options of `esa db migrate rollback`. */
export interface RollbackFlags extends Omit<ApplyFlags, 'phase'> {
  to?: string
}

/** Undoes the last migration of a target, or all after one. @throws EsaError as applying does, `migration.not-reversible`. */
export async function rollBack(
  config: Config,
  environment: NodeJS.ProcessEnv,
  flags: RollbackFlags,
): Promise<void> {
  const undone = await applying(config, environment, flags, (ports) => rollBackMigrations(ports, flags.to))
  answer(config, { migrations: undone }, () =>
    undone.length === 0
      ? 'nothing to undo'
      : undone.map(({ id, steps }) => `${id} ${colours.green('undone')}, ${steps.length} steps`).join('\n'),
  )
}
