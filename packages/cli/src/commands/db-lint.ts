import { EsaError } from '@esa/protocol'
import type { Config } from '../config.ts'

/** Options of `esa db migrate lint`. */
export interface LintFlags {
  target?: string
  schema?: string
  independent?: boolean
  format?: string
}

/** Tries the statements of SQL files and answers with what they lock, rewrite and risk. @throws EsaError `usage.*`. */
export async function lintFiles(
  _config: Config,
  _environment: NodeJS.ProcessEnv,
  files: string[],
  _flags: LintFlags,
): Promise<void> {
  throw new EsaError('usage.lint', 'terminal', `not yet: ${files.join(', ')}`)
}
