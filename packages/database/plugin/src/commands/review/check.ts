import { postgresError, type Queryable } from '@esa/database-catalog/sql'
import {
  checkIntegrity,
  type IndexReview,
  reviewIndexes,
  reviewSchema,
  see,
  reviewStorage,
} from '@esa/database-advice/review'
import { normalizeDatabase } from '@esa/database-advice/measure'
import { reportFindings } from '../../output/answer-findings.ts'
import type { Config } from '../../config.ts'
import type { Reporter } from '../../output/finding-reporters.ts'
import { onTarget } from '../../targets/on-target.ts'
import { earlierSizes, keepSizes } from './size-readings.ts'
import { type ReviewFlags, withBar } from './schema.ts'
import { countedWorkload } from './storage.ts'

/** Options of `esa db check`. */
export interface CheckFlags extends ReviewFlags {
  workload?: string
  normalize?: boolean
  reporter?: Reporter
}

/** Counting after which an index without a scan counts as unused, ms: a month has its last day in it. */
const UNUSED_AFTER_MS = 30 * 86_400_000

/** Everything that is looked at, in one answer; what two reviews both say is said once. @throws EsaError `target.*`, `file.*`, `workload.*`, `database.*`. */
export async function checkTarget(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target: name, workload: workloadFile, normalize = false, reporter }: CheckFlags,
): Promise<void> {
  await onTarget(
    config,
    environment,
    name,
    async (target) => {
      const { queryable } = target
      const seen = await see(queryable)
      const storage = { earlier: await earlierSizes(config, name), ...countedWorkload(target) }
      const findings = [
        ...(await withBar('schema', (onCheck) => reviewSchema(queryable, { onCheck, seen }))),
        ...(await withBar('integrity', (onCheck) => checkIntegrity(queryable, { onCheck, seen }))),
      ]
      const stored = await withBar('storage', (onCheck) =>
        reviewStorage(queryable, { ...storage, onCheck, seen }),
      )
      await keepSizes(config, name, stored.sizes)
      const indexes = await indexReview(queryable)
      const scored = normalize
        ? await withBar('normalize', (onTable) => normalizeDatabase(queryable, { onTable }))
        : null
      const all = [...findings, ...stored.findings, ...indexes.findings, ...(scored?.findings ?? [])]
      const once = new Map(
        all.map((finding) => [JSON.stringify([finding.kind, finding.relation, finding.message]), finding]),
      )
      const score = scored === null ? {} : { score: scored.score, tables: scored.tables }
      const more = { notJudged: indexes.notJudged, ...score }
      reportFindings(config, reporter, 'esa db check', [...once.values()], more)
    },
    { workloadFile, ...(normalize ? { heavy: 'reading the rows of every table' } : {}) },
  )
}

/** A lock that is held on one table must not hide what is known of all others. */
async function indexReview(queryable: Queryable): Promise<Pick<IndexReview, 'findings' | 'notJudged'>> {
  try {
    return await reviewIndexes(queryable, UNUSED_AFTER_MS)
  } catch (error) {
    const { code, message } = postgresError(error)
    if (code !== 'database.timeout' && code !== 'database.locked') throw error
    return { findings: [], notJudged: [`indexes: ${message} (${code})`] }
  }
}
