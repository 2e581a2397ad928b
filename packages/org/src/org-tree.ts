import { type AgentId, CEO_ID } from '@esa/protocol'
import type { Directory, DirectoryAgent } from './directory.ts'

/**
 * The organization as a tree of lines: CEO, chiefs, domains, layers. An agent is under its domain, else under
 * its chief; its other lines follow in brackets. Agents that no line takes to the CEO stand at the end.
 */
export function orgTree(directory: Directory): string {
  const children = new Map<AgentId, DirectoryAgent[]>()
  for (const agent of directory.all()) {
    const parent = parentOf(agent, directory)
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), agent])
  }
  const lines: string[] = []
  const drawn = new Set<AgentId>()
  const draw = (agent: DirectoryAgent, above: readonly AgentId[], stem: string, fork: string): void => {
    drawn.add(agent.id)
    lines.push(`${stem}${fork}${titleOf(agent, above)}`)
    const below = (children.get(agent.id) ?? []).filter((child) => !drawn.has(child.id))
    const indent = fork === '' ? stem : `${stem}${fork.startsWith('└') ? '   ' : '│  '}`
    for (const [i, child] of below.entries()) {
      draw(child, [...above, agent.id], indent, i === below.length - 1 ? '└─ ' : '├─ ')
    }
  }
  const ceo = directory.get(CEO_ID)
  if (ceo) draw(ceo, [], '', '')
  const lost = directory.all().filter((agent) => !drawn.has(agent.id))
  if (lost.length > 0) lines.push('not connected to the CEO:')
  for (const agent of lost) if (!drawn.has(agent.id)) draw(agent, [], '  ', '')
  return lines.join('\n')
}

/** Operations come before strategy: a layer is drawn under the domain that runs it day by day. */
function parentOf(agent: DirectoryAgent, directory: Directory): AgentId | undefined {
  const domain = agent.reportsTo.find((id) => directory.get(id)?.kind === 'domain')
  return domain ?? agent.reportsTo[0]
}

function titleOf(agent: DirectoryAgent, above: readonly AgentId[]): string {
  const others = agent.reportsTo.filter((id) => !above.includes(id))
  const also = others.length > 0 ? ` [also ${others.join(', ')}]` : ''
  return `${agent.id}  ${agent.name}${also}${agent.card ? '' : ' (no card)'}`
}
