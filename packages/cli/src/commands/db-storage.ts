import type { OpenTarget } from '@esa/agents/activities'
import { reviewStorage, type StorageOptions } from '@esa/postgres/storage'
import { answerFindings } from '../answer-findings.ts'
import type { Config } from '../config.ts'
import { onTarget } from '../on-target.ts'
import { type ReviewFlags, withBar } from './db-schema.ts'

/** Options of `esa db storage`. */
export interface StorageFlags extends ReviewFlags {
  workload?: string
}

/** Reviews what a target’s tables take and how they grow. Exit 1 when an error was found. @throws EsaError `target.*`, `file.*`, `workload.*`, `database.*`. */
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
      const findings = await withBar('storage', (onCheck) =>
        reviewStorage(target.queryable, { onCheck, ...countedWorkload(target) }),
      )
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
