import { describe, expect, it } from 'vitest'
import type { ExplainedPlan, PlanNode } from '../measure/plan.ts'
import { estimateFindings } from './estimate-findings.ts'
import { joinFindings } from './join-findings.ts'
import { memoryFindings } from './memory-findings.ts'
import { placedNodes } from './plan-tree.ts'
import { wholePlanFindings } from './whole-plan-findings.ts'

const ran = (loops: number, rows: number, ms: number): Partial<PlanNode> => ({
  'Actual Loops': loops,
  'Actual Rows': rows,
  'Actual Total Time': ms,
  'Plan Rows': rows,
})
const scan = (more: Partial<PlanNode>): PlanNode => ({
  'Node Type': 'Seq Scan',
  Schema: 'sales',
  'Relation Name': 'orders',
  ...ran(1, 100, 10),
  ...more,
})
const whole = (Plan: PlanNode, more: Partial<ExplainedPlan> = {}): ExplainedPlan => ({
  Plan,
  'Planning Time': 1,
  'Execution Time': 100,
  ...more,
})

describe('memory', () => {
  it('that was too small is named, with what would do', () => {
    const sort: PlanNode = {
      'Node Type': 'Sort',
      'Sort Space Type': 'Disk',
      'Sort Space Used': 20_000,
      ...ran(1, 9, 9),
    }
    const hash: PlanNode = {
      'Node Type': 'Hash',
      'Hash Batches': 8,
      'Peak Memory Usage': 4_000,
      ...ran(1, 9, 9),
    }
    const groups: PlanNode = {
      'Node Type': 'Aggregate',
      'HashAgg Batches': 5,
      'Disk Usage': 30_000,
      ...ran(1, 9, 9),
    }
    const bitmap = scan({
      'Node Type': 'Bitmap Heap Scan',
      'Lossy Heap Blocks': 900,
      'Rows Removed by Index Recheck': 50_000,
    })
    const found = memoryFindings([sort, hash, groups, bitmap].flatMap((node) => placedNodes(node)))
    expect(found.map(({ kind }) => kind)).toEqual([
      'sort-spilled',
      'hash-spilled',
      'hash-spilled',
      'bitmap-lossy',
    ])
    expect(found.map(({ trial }) => trial)).toEqual(
      ['64MB', '64MB', '128MB', expect.any(String)].map((work_mem) => ({
        kind: 'settings',
        settings: { work_mem },
      })),
    )
    expect(found.at(-1)?.relation).toBe('sales.orders')
  })

  it('that was enough is not a finding', () => {
    const sort: PlanNode = {
      'Node Type': 'Sort',
      'Sort Space Type': 'Memory',
      'Sort Space Used': 900,
      ...ran(1, 9, 9),
    }
    const hash: PlanNode = { 'Node Type': 'Hash', 'Hash Batches': 1, ...ran(1, 9, 9) }
    const bitmap = scan({ 'Lossy Heap Blocks': 2, 'Rows Removed by Index Recheck': 20 })
    expect(memoryFindings([sort, hash, bitmap].flatMap((node) => placedNodes(node)))).toEqual([])
  })
})

describe('the whole plan', () => {
  it('shows compiling that took longer than it saved', () => {
    const JIT = { Functions: 9, Timing: { Total: 60 } }
    expect(wholePlanFindings(whole(scan({}), { JIT }), [], 2)).toMatchObject([
      { kind: 'jit-overhead', trial: { settings: { jit: 'off' } } },
    ])
    expect(
      wholePlanFindings(whole(scan({}), { JIT: { Functions: 1, Timing: { Total: 5 } } }), [], 2),
    ).toEqual([])
  })

  it('shows workers that did not come, or may not', () => {
    const gather: PlanNode = {
      'Node Type': 'Gather',
      'Workers Planned': 2,
      'Workers Launched': 1,
      Plans: [scan({})],
      ...ran(1, 1, 1),
    }
    expect(wholePlanFindings(whole(gather), placedNodes(gather), 2)).toMatchObject([
      { kind: 'workers-missing' },
    ])
    const large = scan({ ...ran(1, 600_000, 90), 'Parent Relationship': 'Outer' })
    const count: PlanNode = { 'Node Type': 'Aggregate', ...ran(1, 1, 95), Plans: [large] }
    expect(wholePlanFindings(whole(count), placedNodes(count), 0)).toMatchObject([{ kind: 'parallel-off' }])
    expect(wholePlanFindings(whole(count), placedNodes(count), 2)).toEqual([])
  })

  it('shows pages that are read to be thrown away, and answers that are not read', () => {
    const limit: PlanNode = { 'Node Type': 'Limit', ...ran(1, 10, 9), Plans: [scan(ran(1, 5_010, 9))] }
    expect(wholePlanFindings(whole(limit), placedNodes(limit), 2)).toMatchObject([{ kind: 'offset-paging' }])
    const all = scan(ran(1, 50_000, 9))
    expect(wholePlanFindings(whole(all), placedNodes(all), 2)).toMatchObject([
      { kind: 'too-many-rows', severity: 'info' },
    ])
  })
})

describe('estimates', () => {
  it('are blamed where they first went wrong', () => {
    const below = scan({ 'Plan Rows': 10, 'Actual Rows': 5_000, Filter: '((a = 1) AND (b = 2))' })
    const above: PlanNode = {
      'Node Type': 'Hash Join',
      ...ran(1, 5_000, 50),
      'Plan Rows': 10,
      Plans: [below],
    }
    expect(estimateFindings(placedNodes(above)).map(({ evidence }) => evidence['node'])).toEqual([
      'Seq Scan on sales.orders',
    ])
  })

  it('above what a LIMIT cut short are not a fault', () => {
    const cut = scan({ 'Plan Rows': 50_000, 'Actual Rows': 10 })
    const limit: PlanNode = { 'Node Type': 'Limit', ...ran(1, 10, 1), Plans: [cut] }
    expect(estimateFindings(placedNodes(limit))).toEqual([])
    expect(estimateFindings(placedNodes(cut))).toHaveLength(1)
    expect(
      estimateFindings(placedNodes(scan({ 'Plan Rows': 50_000, 'Actual Rows': 10, 'Actual Loops': 0 }))),
    ).toEqual([])
  })
})

describe('joins and scans', () => {
  it('show index-only scans that were none', () => {
    const node = scan({
      'Node Type': 'Index Only Scan',
      'Index Name': 'i',
      'Heap Fetches': 9_000,
      ...ran(1, 9_000, 9),
    })
    expect(joinFindings(placedNodes(node), 10)).toMatchObject([
      { kind: 'heap-fetches', fix: expect.stringContaining('VACUUM') },
    ])
    expect(joinFindings(placedNodes({ ...node, 'Heap Fetches': 20 }), 10)).toEqual([])
  })

  it('leave look-ups alone that were planned as often as they came', () => {
    const inner = scan({ 'Node Type': 'Index Scan', 'Index Name': 'i', ...ran(5_000, 1, 0.01) })
    const loop: PlanNode = {
      'Node Type': 'Nested Loop',
      ...ran(1, 5_000, 60),
      Plans: [scan(ran(1, 5_000, 5)), inner],
    }
    expect(joinFindings(placedNodes(loop), 70)).toEqual([])
    const outer = scan({ ...ran(1, 5_000, 5), 'Plan Rows': 3 })
    expect(joinFindings(placedNodes({ ...loop, Plans: [outer, inner] }), 70)).toMatchObject([
      { kind: 'nested-loop-blowup' },
    ])
  })
})
