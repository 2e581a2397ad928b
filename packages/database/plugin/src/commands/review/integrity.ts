import { checkIntegrity } from '@esa/database-advice/review'
import { answerFindings } from '../../output/answer-findings.ts'
import type { Config } from '../../config.ts'
import { onTarget } from '../../targets/on-target.ts'
import { type ReviewFlags, withBar } from './schema.ts'

/** Checks a target’s rows against what its schema means. Exit 1 when an error was found. @throws EsaError `target.*`, `database.*`. */
export async function checkTargetIntegrity(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target }: ReviewFlags,
): Promise<void> {
  await onTarget(config, environment, target, async ({ queryable }) => {
    const findings = await withBar('integrity', (onCheck) => checkIntegrity(queryable, { onCheck }))
    answerFindings(config, findings)
  })
}
