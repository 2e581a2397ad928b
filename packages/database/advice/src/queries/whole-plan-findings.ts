import { type ExplainedPlan, type PlanNode, figures } from '../measure/plan.ts'
import { type PlacedNode, nodeName, relationOf } from './plan-tree.ts'
import { suspect, type Suspicion } from './suspicion.ts'

/** Part of the time that compiling may take before it is not worth it, and the least that is worth a word, ms. */
const JIT_SHARE_MIN = 0.2
const JIT_MS_MIN = 10

/** Rows of one answer that no person reads and few programs want at once. */
const ANSWER_ROWS_MIN = 10_000

/** Rows that OFFSET reads and throws away before the page that is wanted. */
const SKIPPED_ROWS_MIN = 1_000

/** Rows of a sequential scan from which parallel workers are worth starting. */
const PARALLEL_ROWS_MIN = 500_000

function jit({ JIT, 'Execution Time': totalMs }: ExplainedPlan): Suspicion[] {
  const ms = JIT?.Timing.Total ?? 0
  if (ms < JIT_MS_MIN || ms < totalMs * JIT_SHARE_MIN) return []
  return [
    suspect('jit-overhead', {
      message: `compiling took ${ms.toFixed(1)} of ${totalMs.toFixed(1)} ms`,
      evidence: { jitMs: ms, executionMs: totalMs, functions: JIT?.Functions ?? 0 },
      fix: 'SET jit = off for this workload, or raise jit_above_cost above what its plans cost',
      trial: { kind: 'settings', settings: { jit: 'off' } },
    }),
  ]
}

function answer(root: PlanNode): Suspicion[] {
  const { rows } = figures(root)
  if (rows < ANSWER_ROWS_MIN || root['Node Type'] === 'Limit') return []
  return [
    suspect('too-many-rows', {
      severity: 'info',
      message: `${rows} rows are sent to the client at once`,
      evidence: { rows },
      fix: 'ask for a page (ORDER BY a unique key, LIMIT), aggregate on the server, or read through a cursor',
    }),
  ]
}

function offset({ node }: PlacedNode): Suspicion[] {
  const [child] = node.Plans ?? []
  if (node['Node Type'] !== 'Limit' || !child) return []
  const [kept, read] = [figures(node).rows, figures(child).rows]
  if (read - kept < SKIPPED_ROWS_MIN) return []
  return [
    suspect('offset-paging', {
      message: `OFFSET read ${read} rows to give ${kept}: each further page is slower than the one before`,
      evidence: { rowsRead: read, rowsGiven: kept },
      fix: 'begin behind the last row of the page before: WHERE (keys) > (its values) ORDER BY keys LIMIT n',
    }),
  ]
}

function parallel(nodes: PlacedNode[], maxWorkers: number): Suspicion[] {
  const short = nodes.find(({ node }) => (node['Workers Launched'] ?? 0) < (node['Workers Planned'] ?? 0))
  if (short) {
    const { 'Workers Planned': planned = 0, 'Workers Launched': launched = 0 } = short.node
    return [
      suspect('workers-missing', {
        message: `${planned} parallel workers were planned, ${launched} came: the others were taken`,
        evidence: { planned, launched },
        fix: 'raise max_parallel_workers and max_worker_processes, or plan for fewer (max_parallel_workers_per_gather)',
      }),
    ]
  }
  const large = nodes.find(({ node }) => {
    const { rows, removed } = figures(node)
    return node['Node Type'] === 'Seq Scan' && rows + removed >= PARALLEL_ROWS_MIN
  })
  if (maxWorkers > 0 || !large) return []
  const relation = relationOf(large.node)
  return [
    suspect('parallel-off', {
      severity: 'info',
      ...(relation === undefined ? {} : { relation }),
      message: `${nodeName(large.node)} is read by one process: max_parallel_workers_per_gather is 0`,
      evidence: { node: nodeName(large.node), maxParallelWorkersPerGather: maxWorkers },
      fix: 'SET max_parallel_workers_per_gather = 2',
      trial: { kind: 'settings', settings: { max_parallel_workers_per_gather: '2' } },
    }),
  ]
}

/** What is wrong with the statement as a whole. `maxWorkers` is max_parallel_workers_per_gather. */
export function wholePlanFindings(
  explained: ExplainedPlan,
  nodes: PlacedNode[],
  maxWorkers: number,
): Suspicion[] {
  return [
    ...jit(explained),
    ...answer(explained.Plan),
    ...nodes.flatMap(offset),
    ...parallel(nodes, maxWorkers),
  ]
}
