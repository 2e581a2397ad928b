import type { OpenTarget } from '../../activities/open-target.activity.ts'
import { reviewStorage, type StorageOptions } from '@esa/database-advice/review'
import { answerFindings } from '../../output/answer-findings.ts'
import type { Config } from '../../config.ts'
import { onTarget } from '../../targets/on-target.ts'
import { earlierSizes, keepSizes } from './size-readings.ts'
import { type ReviewFlags, withBar } from './schema.ts'

/** Options of `esa db storage`. */
export interface StorageFlags extends ReviewFlags {
  workload?: string
}

/** Reviews what a target’s tables take and how they grow since this home’s first look. Exit 1 when an error was found. @throws EsaError `target.*`, `file.*`, `workload.*`, `database.*`. */
export async function reviewTargetStorage(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target: name, workload: workloadFile }: StorageFlags,
): Promise<void> {
  await onTarget(
    config,
    environment,
    name,
    async (target) => {
      const earlier = await earlierSizes(config, name)
      const { findings, sizes } = await withBar('storage', (onCheck) =>
        reviewStorage(target.queryable, { onCheck, earlier, ...countedWorkload(target) }),
      )
      await keepSizes(config, name, sizes)
      answerFindings(config, findings)
    },
    { workloadFile },
  )
}

/** A workload’s weights stand for how often its statements come. */
export function countedWorkload({ workload }: OpenTarget): Pick<StorageOptions, 'workload'> {
  if (workload === null) return {}
  return { workload: workload.map(({ sql, weight }) => ({ sql, calls: weight })) }
}
