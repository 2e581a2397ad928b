import { cut } from '@esa/protocol'
/** A node of EXPLAIN (FORMAT JSON, VERBOSE, ANALYZE): the members this package reads, by PostgreSQL's own names. */
export interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  Schema?: string
  Alias?: string
  Filter?: string
  'Index Name'?: string
  'Sort Key'?: string[]
  'Actual Rows'?: number
  'Actual Loops'?: number
  'Actual Total Time'?: number
  'Rows Removed by Filter'?: number
  Plans?: PlanNode[]
  'Parent Relationship'?: string
  'Subplan Name'?: string
  'CTE Name'?: string
  'Join Type'?: string
  'Index Cond'?: string
  'Recheck Cond'?: string
  'Hash Cond'?: string
  'Join Filter'?: string
  'Plan Rows'?: number
  'Rows Removed by Join Filter'?: number
  'Rows Removed by Index Recheck'?: number
  'Heap Fetches'?: number
  'Exact Heap Blocks'?: number
  'Lossy Heap Blocks'?: number
  'Sort Method'?: string
  'Sort Space Used'?: number
  'Sort Space Type'?: string
  'Hash Batches'?: number
  'Original Hash Batches'?: number
  'Peak Memory Usage'?: number
  'HashAgg Batches'?: number
  'Disk Usage'?: number
  'Workers Planned'?: number
  'Workers Launched'?: number
  Output?: string[]
}

/** A statement's whole EXPLAIN; times in ms. */
export interface ExplainedPlan {
  Plan: PlanNode
  'Planning Time': number
  'Execution Time': number
  JIT?: { Functions: number; Timing: { Total: number } }
}

/** One line of a plan's summary; `rows` and `removed` are totals over all loops, `ms` the time of its subtree. */
export interface PlanLine {
  depth: number
  node: string
  relation?: string
  index?: string
  filter?: string
  loops: number
  rows: number
  removed: number
  ms: number
}

/** A sequential scan that threw nearly everything away, with what its filter and the sort above it ask for. */
export interface WastefulScan {
  schema: string
  relation: string
  alias: string
  filter: string
  sortKey: string[]
  loops: number
  rows: number
  removed: number
  ms: number
}

/** Rows a scan must have thrown away to matter: below it the plan reads them faster than an index would help. */
const REMOVED_ROWS_MIN = 10_000

/** Rows thrown away for each row kept before an index is the better way; near 1:10 a sequential scan still wins. */
const REMOVED_PER_ROW_MIN = 10

/** Longest filter text kept in a summary, in characters: evidence is read by people and must stay small. */
const TEXT_CHARS_MAX = 500

/** Nodes through which rows keep their relation and order may come from its index. */
const PASSING = new Set(['Limit', 'Sort', 'Incremental Sort', 'Gather', 'Gather Merge', 'Result', 'LockRows'])

/** Rows, removed rows and ms of a node, totals over its loops. */
export function figures(node: PlanNode): { loops: number; rows: number; removed: number; ms: number } {
  const loops = node['Actual Loops'] ?? 0
  return {
    loops,
    rows: Math.round((node['Actual Rows'] ?? 0) * loops),
    removed: Math.round((node['Rows Removed by Filter'] ?? 0) * loops),
    ms: Number(((node['Actual Total Time'] ?? 0) * loops).toFixed(3)),
  }
}

/**
 * The plan as lines, parents first. Times of nodes run by parallel workers add up over the workers, as rows do.
 */
export function planLines(node: PlanNode, depth: number = 0): PlanLine[] {
  const { 'Relation Name': relation, 'Index Name': index, Filter: filter, Schema: schema } = node
  const line: PlanLine = {
    depth,
    node: node['Node Type'],
    ...(relation === undefined
      ? {}
      : { relation: schema === undefined ? relation : `${schema}.${relation}` }),
    ...(index === undefined ? {} : { index }),
    ...(filter === undefined ? {} : { filter: cut(filter, TEXT_CHARS_MAX) }),
    ...figures(node),
  }
  return [line, ...(node.Plans ?? []).flatMap((child) => planLines(child, depth + 1))]
}

/** The sequential scans of a plan that threw away many more rows than they kept, the costliest first. */
export function wastefulScans(root: PlanNode): WastefulScan[] {
  const found: WastefulScan[] = []
  const walk = (node: PlanNode, sortKey: string[]): void => {
    const { 'Relation Name': relation, Schema: schema, Filter: filter } = node
    const { loops, rows, removed, ms } = figures(node)
    const wasteful = removed >= REMOVED_ROWS_MIN && removed >= rows * REMOVED_PER_ROW_MIN
    if (node['Node Type'] === 'Seq Scan' && relation && schema && filter && wasteful) {
      found.push({
        schema,
        relation,
        alias: node.Alias ?? relation,
        filter,
        sortKey,
        loops,
        rows,
        removed,
        ms,
      })
    }
    const below = node['Sort Key'] ?? (PASSING.has(node['Node Type']) ? sortKey : [])
    for (const child of node.Plans ?? []) walk(child, below)
  }
  walk(root, [])
  return found.toSorted((a, b) => b.ms - a.ms)
}
