import { reviewIndexes } from '@esa/database-advice/review'
import { answerFindings } from '../../output/answer-findings.ts'
import type { Config } from '../../config.ts'
import { durationFlag, note } from '@esa/cli/plugin-kit'
import { onTarget } from '../../targets/on-target.ts'

/** Options of `esa db indexes review`. */
export interface ReviewFlags {
  target: string
  unusedAfter: string
}

/** Reviews the indexes of a target; what could not be judged is said. Exit 1 when one is invalid. @throws EsaError `target.unknown`, `database.*`. */
export async function reviewTarget(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target, unusedAfter }: ReviewFlags,
): Promise<void> {
  const unusedAfterMs = durationFlag('--unused-after', unusedAfter)
  await onTarget(config, environment, target, async ({ queryable }) => {
    const { findings, notJudged } = await reviewIndexes(queryable, unusedAfterMs)
    answerFindings(config, findings, { notJudged })
    if (!config.json) for (const line of notJudged) note(`not judged: ${line}`)
  })
}
