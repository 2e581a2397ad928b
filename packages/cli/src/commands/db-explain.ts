import { explainQuery } from '@esa/postgres/queries'
import { answerFindings } from '../answer-findings.ts'
import type { Config } from '../config.ts'
import { durationFlag } from '../flags.ts'
import { onTarget } from '../on-target.ts'

/** Options of `esa db explain`. */
export interface ExplainFlags {
  target: string
  timeout?: string
}

/** Cut-off of the explained run, ms: what takes longer is explained by a person who knows what else it holds up. */
const TIMEOUT_MS = 30_000

/**
 * Explains one SELECT on a target. SQL that the guard refuses is not executed (exit 5).
 * @throws EsaError `sql.not-a-read`, `sql.syntax`, `target.unknown`, `database.*`.
 */
export async function explainSql(
  config: Config,
  environment: NodeJS.ProcessEnv,
  sql: string,
  { target, timeout }: ExplainFlags,
): Promise<void> {
  const timeoutMs = timeout === undefined ? TIMEOUT_MS : durationFlag('--timeout', timeout)
  await onTarget(config, environment, target, async ({ queryable }) => {
    const { findings, ...about } = await explainQuery(queryable, sql, { timeoutMs })
    answerFindings(config, findings, about)
  })
}
