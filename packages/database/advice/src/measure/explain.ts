import { cut, EsaError } from '@esa/protocol'
import type { Queryable } from '@esa/database-catalog/sql'
import { readStatement, inJudged, type JudgingOptions, WAITING } from '@esa/database-catalog/guard'
import type { StatementTiming } from './metric-reading.ts'
import { type PlanLine, type PlanNode, planLines, wastefulScans } from './plan.ts'
import { proposeIndex, type ProposedIndex } from './index-proposal.ts'
import type { WorkloadStatement } from './workload.ts'

/** What a plan gives away. */
interface PlanFinding {
  kind: 'seq-scan-with-selective-filter'
  relation: string
  rows: number
  removed: number
  loops: number
  ms: number
  message: string
  proposedIndex?: ProposedIndex
}

/**
 * Why a statement is slow, as evidence of an incident: JSON well under 64 KB. `executionMs` is one run with timing on,
 * `p95Ms` what was measured before (null when it was not), `proposedIndex` the first finding's.
 */
export interface PlanEvidence {
  kind: 'slow-query'
  id: string
  statement: string
  p95Ms: number | null
  executionMs: number
  planningMs: number
  plan: PlanLine[]
  planNodes: number
  findings: PlanFinding[]
  proposedIndex: ProposedIndex | null
}

/** Lines of a plan kept as evidence, the costliest; larger plans come from joins over hundreds of partitions. */
const PLAN_LINES_MAX = 40

/** Findings kept, the costliest first. */
const FINDINGS_MAX = 5

/** Longest statement text kept as evidence, in characters. */
const STATEMENT_CHARS_MAX = 4_000

/** Cut-off of the explained run: a statement that takes longer is explained without running it by a person. */
const TIMEOUT_MS = 30_000

interface Explained {
  Plan: PlanNode
  'Planning Time': number
  'Execution Time': number
}

function costliest(lines: PlanLine[]): PlanLine[] {
  if (lines.length <= PLAN_LINES_MAX) return lines
  const kept = new Set(lines.toSorted((a, b) => b.ms - a.ms).slice(0, PLAN_LINES_MAX))
  return lines.filter((line) => kept.has(line))
}

async function findingsOf(session: Queryable, root: PlanNode): Promise<PlanFinding[]> {
  const findings: PlanFinding[] = []
  for (const scan of wastefulScans(root).slice(0, FINDINGS_MAX)) {
    const { rows, removed, loops, ms } = scan
    const proposedIndex = await proposeIndex(session, scan)
    const relation = `${scan.schema}.${scan.relation}`
    const message = `${relation} was read from end to end ${loops} times: ${removed} rows thrown away, ${rows} kept`
    findings.push({
      kind: 'seq-scan-with-selective-filter',
      relation,
      rows,
      removed,
      loops,
      ms,
      message,
      ...(proposedIndex === undefined ? {} : { proposedIndex }),
    })
  }
  return findings
}

/**
 * Runs one SELECT under EXPLAIN (ANALYZE, BUFFERS) in a read-only transaction and says what its plan wastes.
 * @throws EsaError `sql.not-a-read`, `sql.logged` (terminal), `database.timeout` after `timeoutMs` (30 s by default).
 */
export async function explainStatement(
  queryable: Queryable,
  sql: string,
  options: { id?: string; p95Ms?: number; timeoutMs?: number } & Pick<JudgingOptions, 'terms'>,
): Promise<PlanEvidence> {
  const reading = await readStatement(sql)
  const { text } = reading
  const { terms, timeoutMs = TIMEOUT_MS } = options
  return inJudged(queryable, { terms, timeoutMs, allowed: WAITING }, async (session) => {
    const { rows } = await session.run(
      `EXPLAIN (ANALYZE, BUFFERS, VERBOSE, FORMAT JSON) ${await session.judge(reading)}`,
    )
    const document = rows[0]?.['QUERY PLAN']
    const parsed = (typeof document === 'string' ? JSON.parse(document) : document) as [Explained] | undefined
    if (!parsed?.[0]) throw new EsaError('database.plan-missing', 'bug', 'EXPLAIN gave no plan')
    const { Plan, 'Planning Time': planningMs, 'Execution Time': executionMs } = parsed[0]
    const [lines, findings] = [planLines(Plan), await findingsOf(session, Plan)]
    return {
      kind: 'slow-query',
      id: options.id ?? 'statement',
      statement: cut(text, STATEMENT_CHARS_MAX),
      p95Ms: options.p95Ms ?? null,
      executionMs,
      planningMs,
      plan: costliest(lines),
      planNodes: lines.length,
      findings,
      proposedIndex: findings.find((finding) => finding.proposedIndex)?.proposedIndex ?? null,
    }
  })
}

/**
 * The evidence of the statement that drives the percentile: the one with the largest part of the runs at or above it.
 * `timings` are those of the response-time reading (`MetricReading.statements`); undefined when none is of this workload.
 */
export async function findSlowest(
  queryable: Queryable,
  workload: readonly WorkloadStatement[],
  timings: readonly StatementTiming[],
  { terms }: Pick<JudgingOptions, 'terms'>,
): Promise<PlanEvidence | undefined> {
  const ranked = timings.toSorted((a, b) => b.tailShare - a.tailShare || b.p95Ms - a.p95Ms)
  for (const { id, p95Ms } of ranked) {
    const statement = workload.find((one) => one.id === id)
    if (statement) return explainStatement(queryable, statement.sql, { id, p95Ms, terms })
  }
  return undefined
}
