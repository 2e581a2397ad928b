import type { ActivityHandler } from '@esa/actor'
import { buildIndexConcurrently } from '@esa/database-advice/advise'
import {
  dropIndexSql,
  measure,
  type MetricThreshold,
  type ProposedIndex,
  type WorkloadStatement,
} from '@esa/database-advice/measure'
import { ON_COPY } from '@esa/database-catalog/guard'
import type { Queryable } from '@esa/database-catalog/sql'
import { EsaError, isEsaError, type JsonObject, textOf } from '@esa/protocol'
import { proposed } from './build-index.activity.ts'
import type { OpenTargetByName } from './open-target.activity.ts'

/** Lets `work` use a private copy of a target, with its rows, where anything may be built; it is gone afterwards. */
export type OnCopy = <T>(name: string, work: (copy: Queryable) => Promise<T>) => Promise<T>

/** Executions of each statement before and after: an index that is worth building shows in a few. */
const RUNS = 3

/** The response time is what an index is for; the threshold does not matter here, the value does. */
const RESPONSE_TIME: MetricThreshold = {
  key: 'query-response-time',
  comparator: '<',
  value: 100,
  unit: 'ms',
  percentile: 95,
}

/**
 * Tries an index on a copy before its approval is requested: the workload's p95 before and after, and the index's size,
 * all measured. Where no copy can be made the evidence says why, and the approver sees that nothing was measured.
 */
export function rehearseIndexActivity(openTarget: OpenTargetByName, onCopy: OnCopy): ActivityHandler {
  return {
    activity: 'index.rehearse',
    run: async (input, { actorId }) => {
      const name = textOf(input['target'])
      const index = proposed(input)
      const { workload, close } = await openTarget(name)
      await close()
      const measured = await tried(workload, (work) => onCopy(name, work), index)
      const evidence = { ...measured, ...certain(index) }
      const proposedIndex = { ...index }
      return [{ to: actorId, type: 'index.rehearsed', body: { ...input, proposedIndex, evidence } }]
    },
    onFailure: (input, { code, message }, actorId) => [
      { to: actorId, type: 'index.failed', body: { ...input, why: `${code}: ${message}` } },
    ],
  }
}

async function tried(
  workload: readonly WorkloadStatement[] | null,
  onCopy: (work: (copy: Queryable) => Promise<JsonObject>) => Promise<JsonObject>,
  index: ProposedIndex,
): Promise<JsonObject> {
  if (workload === null) return notTried('no workload is known for this target: esa targets add --workload')
  try {
    return await onCopy(async (copy) => {
      const before = await p95Of(copy, workload)
      const { sizeBytes, ms: buildMs } = await buildIndexConcurrently(copy, index)
      const after = await p95Of(copy, workload)
      const method = `rehearsed: the workload ran ${RUNS} times before and after on a copy with its rows`
      return { method, p95MsBefore: before, p95MsAfter: after, sizeBytes, buildMs, runs: RUNS }
    })
  } catch (error) {
    // A copy that cannot be made is an answer; a fault that may pass is tried again.
    if (!isEsaError(error) || error.kind === 'transient') throw error
    return notTried(`${error.code}: ${error.message}`)
  }
}

async function p95Of(copy: Queryable, statements: readonly WorkloadStatement[]): Promise<number> {
  const workload = { statements: [...statements], runs: RUNS, terms: ON_COPY } as const
  const [reading] = await measure(copy, { thresholds: [RESPONSE_TIME], workload })
  if (typeof reading?.value === 'number') return reading.value
  throw new EsaError('index.not-measured', 'terminal', reading?.why ?? 'the workload gave no time')
}

/** What is so of every index that is built concurrently. Source: PostgreSQL, "Building Indexes Concurrently", "Table-Level Locks". */
function certain({ schema, relation, name }: ProposedIndex): JsonObject {
  return {
    locks: [`SHARE UPDATE EXCLUSIVE on ${schema}.${relation}: reads and writes go on`],
    rollback: dropIndexSql({ schema, name }),
  }
}

function notTried(why: string): JsonObject {
  return { method: null, why: `not rehearsed: ${why}` }
}
