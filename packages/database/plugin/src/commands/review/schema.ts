import { reviewSchema } from '@esa/database-advice/review'
import { answerFindings } from '../../output/answer-findings.ts'
import type { Config } from '../../config.ts'
import { Progress } from '@esa/cli/plugin-kit'
import { onTarget } from '../../targets/on-target.ts'

/** Options of a review of a target. */
export interface ReviewFlags {
  target: string
}

/** Reviews the design of a target’s schema. Exit 1 when an error was found. @throws EsaError `target.*`, `database.*`. */
export async function reviewTargetSchema(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target }: ReviewFlags,
): Promise<void> {
  await onTarget(config, environment, target, async ({ queryable }) => {
    const findings = await withBar('schema', (onCheck) => reviewSchema(queryable, { onCheck }))
    answerFindings(config, findings)
  })
}

/** Shows a bar while a review runs; it is gone when the review ends. */
export async function withBar<T>(
  label: string,
  work: (onStep: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  let bar: ReturnType<Progress['bar']> | undefined
  const progress = new Progress()
  try {
    return await work((done, total) => {
      bar ??= progress.bar(label, total)
      bar.update(done)
    })
  } finally {
    bar?.stop()
  }
}
