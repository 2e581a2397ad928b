import { figures, type PlanNode } from '../measure/plan.ts'

/** A node with its place in the plan; the root has no parent. */
export interface PlacedNode {
  node: PlanNode
  ancestors: PlanNode[]
}

/** All nodes, parents first. */
export function placedNodes(node: PlanNode, ancestors: PlanNode[] = []): PlacedNode[] {
  const below = (node.Plans ?? []).flatMap((child) => placedNodes(child, [...ancestors, node]))
  return [{ node, ancestors }, ...below]
}

/** `schema.relation` of a scan. */
export function relationOf(node: PlanNode): string | undefined {
  const { 'Relation Name': relation, Schema: schema } = node
  if (relation === undefined) return undefined
  return schema === undefined ? relation : `${schema}.${relation}`
}

/** How a person finds the node in the plan: its kind, and what it reads. */
export function nodeName(node: PlanNode): string {
  const of = node['Index Name'] ?? relationOf(node) ?? node['CTE Name'] ?? node['Subplan Name']
  return of === undefined ? node['Node Type'] : `${node['Node Type']} on ${of}`
}

/** Part of the whole time that is spent in a node and below it, 0 to 1. */
export function shareOf(node: PlanNode, totalMs: number): number {
  return totalMs <= 0 ? 0 : Math.min(1, figures(node).ms / totalMs)
}

/** The first relation that is read at or below a node. */
export function firstRelation(node: PlanNode): string | undefined {
  return placedNodes(node)
    .map((placed) => relationOf(placed.node))
    .find((name) => name !== undefined)
}
