import { agentDocument, type AgentDocument, unknownAgent } from '@esa/operations'
import { type Directory, type DirectoryAgent, hasErrors } from '@esa/org'
import { AGENT_KINDS, formatDuration } from '@esa/protocol'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { loadOrg } from '../load-org.ts'
import { answer, columns, note } from '../output.ts'

/** Lists every agent of the organization, with or without a card. */
export async function listAgents(config: Config): Promise<void> {
  const { directory, problems } = await loadOrg(config.agents)
  if (hasErrors(problems)) note('some cards cannot be read whole: see esa org check')
  const agents = directory.all().map(agentDocument)
  answer(config, { agents }, () => table(agents))
}

/** Shows what an agent's card says, with its superiors and peers. */
export async function showAgent(config: Config, id: string): Promise<void> {
  const { directory } = await loadOrg(config.agents)
  const agent = directory.get(id)
  if (agent === undefined) throw unknownAgent(id)
  const above = { chief: directory.chiefOf(id) ?? null, domain: directory.domainOf(id) ?? null }
  answer(config, { ...agentDocument(agent), ...above, peers: directory.peersOf(id) }, () =>
    describe(agent, directory),
  )
}

function table(agents: AgentDocument[]): string {
  const row = ({ id, name, division, reportsTo, hasCard }: AgentDocument): string[] => [
    `  ${id}`,
    name,
    division ?? '-',
    reportsTo.join(', ') || '-',
    hasCard ? 'card' : colours.dim('no card yet'),
  ]
  const groups = AGENT_KINDS.flatMap((kind) => {
    const members = agents.filter((agent) => agent.kind === kind)
    return members.length === 0 ? [] : [[`${kind} (${members.length})`], ...members.map(row)]
  })
  return columns([['AGENT', 'NAME', 'DIVISION', 'REPORTS TO', 'CARD'], ...groups])
}

function describe(agent: DirectoryAgent, directory: Directory): string {
  const { id, kind, name, division, reportsTo, manages, card } = agent
  const lines = [
    ['kind', division === null ? kind : `${kind}, ${division}`],
    ['reports to', reportsTo.join(', ') || 'nobody'],
    ['manages', manages.join(', ') || 'nobody'],
    ['chief', directory.chiefOf(id) ?? 'none'],
    ['domain', directory.domainOf(id) ?? 'none'],
    ['card', card === null ? 'none yet: these are the facts of the organization chart' : card.file],
  ]
  const title = `${colours.bold(id)} ${name}`
  if (card === null) return `${title}\n${columns(lines)}`
  const { responsibilities, technologies, escalation, collaboration, metrics } = card
  const rungs = escalation.map(({ level, agents, waitMs, reasons }) => {
    const wait = waitMs === null ? '' : ` (${waitMs === 0 ? 'immediate' : formatDuration(waitMs)})`
    return `${level}: ${agents.join(', ')}${wait}${reasons.length === 0 ? '' : ` for ${reasons.join(', ')}`}`
  })
  return [
    title,
    columns(lines),
    ...section('responsibilities', responsibilities),
    ...section('technologies', technologies),
    ...section('escalation', rungs),
    ...section(
      'collaboration',
      collaboration.map((line) => `${line.with.join(', ')}: ${line.purpose}`),
    ),
    ...section(
      'metrics',
      metrics.map(({ key, text }) => `${key}: ${text}`),
    ),
  ].join('\n')
}

function section(name: string, lines: string[]): string[] {
  return lines.length === 0 ? [] : [colours.bold(name), ...lines.map((line) => `  ${line}`)]
}
