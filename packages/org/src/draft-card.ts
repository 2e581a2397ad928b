import { type AgentId, type AgentKind, CEO_ID, EsaError } from '@esa/protocol'
import type { AgentCard } from './agent-card.ts'
import { type Directory, type DirectoryAgent, upwardOf } from './directory.ts'
import { parseCard } from './parse-card.ts'

/** What is known of an agent whose card is to be written; the rest is taken from its neighbors on the chart. */
export interface CardDraft {
  id: AgentId
  name?: string | undefined
  reportsTo?: readonly AgentId[] | undefined
  peers?: readonly AgentId[] | undefined
  purpose?: string | undefined
  responsibilities?: readonly string[] | undefined
  metrics?: readonly string[] | undefined
}

/** How a kind is written in a card: its title, a mention of it, and the beginning of its ids. */
const FORMS: Record<AgentKind, { prefix: string; title: string; mention: string }> = {
  ceo: { prefix: 'agent-', title: 'Agent #', mention: 'Agent #' },
  chief: { prefix: 'chief-', title: 'Chief #', mention: 'Chief #' },
  domain: { prefix: 'domain-', title: 'Domain #', mention: 'Domain #' },
  layer: { prefix: 'layer-', title: 'Layer Agent #', mention: 'Layer #' },
  expert: { prefix: 'expert-', title: 'Expert Agent #', mention: 'Expert #' },
  operational: { prefix: 'ops-', title: 'Operational Agent #', mention: 'Operational Agent #' },
  'life-ceo': { prefix: 'lifeceo-', title: 'Life CEO Agent: ', mention: 'Life CEO: ' },
}

/** Two peers answer each other's holidays; more dilute who is meant. */
const PEERS = 2

/** The kind that an id says, or undefined when no kind's ids look so. */
export function kindOfId(id: AgentId): AgentKind | undefined {
  const found = Object.entries(FORMS).find(([, { prefix }]) => id.startsWith(prefix))
  if (found === undefined) return undefined
  const rest = id.slice(found[1].prefix.length)
  const fits = found[0] === 'life-ceo' ? /^[a-z]+$/.test(rest) : /^\d{1,4}$/.test(rest)
  return fits ? (found[0] as AgentKind) : undefined
}

/** The first id of a kind that is free: one more than the greatest number. */
export function nextIdOf(kind: Exclude<AgentKind, 'ceo' | 'life-ceo'>, directory: Directory): AgentId {
  const numbers = directory.all().flatMap((agent) => (agent.kind === kind ? [agent.number ?? 0] : []))
  return `${FORMS[kind].prefix}${Math.max(0, ...numbers) + 1}`
}

/**
 * A card that the parser reads without a fault: lines upward, peers and waits as its nearest neighbor on the chart has
 * them, unless the draft says otherwise. @throws EsaError `usage.card` (terminal) when a word of the draft cannot stand in a
 * card, `agent.unknown` when it names no agent.
 */
export function draftCard(draft: CardDraft, directory: Directory): { text: string; card: AgentCard } {
  const { id } = draft
  const kind = kindOfId(id)
  if (kind === undefined || kind === 'ceo') throw unwritable(`${id} is not an agent id`, ID_HINT)
  const near = neighborsOf(id, kind, directory)
  const reportsTo = draft.reportsTo ?? near[0]?.reportsTo ?? [CEO_ID]
  const alike = near.filter((agent) => agent.reportsTo[0] === reportsTo[0])
  const peers = draft.peers ?? alike.slice(0, PEERS).map((agent) => agent.id)
  for (const named of [...reportsTo, ...peers])
    if (named === id || directory.get(named) === undefined) throw unknown(id, named)
  const text = cardText({ ...draft, kind, reportsTo, peers }, directory)
  const { agent: card, problems } = parseCard({ file: `${id}.md`, text })
  const [fault] = problems
  if (fault !== undefined) throw unwritable(`the card cannot be written so: ${fault.message}`, fault.hint)
  if (card?.id !== id || (draft.name !== undefined && kind !== 'life-ceo' && card.name !== draft.name))
    throw unwritable(`a card cannot carry the name ${JSON.stringify(draft.name ?? id)}`, NAME_HINT)
  return { text, card }
}

const ID_HINT = 'like layer-62, domain-10, chief-7, expert-17, ops-68 or lifeceo-garden'
const NAME_HINT = 'a name is a few plain words, like "Coffee Machine"'

type Known = Omit<CardDraft, 'reportsTo' | 'peers'> & {
  kind: AgentKind
  reportsTo: readonly AgentId[]
  peers: readonly AgentId[]
}

function cardText(draft: Known, directory: Directory): string {
  const { id, kind, reportsTo, peers } = draft
  const { prefix, title } = FORMS[kind]
  const name = draft.name ?? id
  const own = id.slice(prefix.length)
  const mentions = (ids: readonly AgentId[]): string => ids.map((one) => mentionOf(one, directory)).join(', ')
  const upward = [...new Set([...reportsTo, ...reportsTo.flatMap((above) => upwardOf(above, directory.get))])]
  const rung = (label: string, ids: readonly AgentId[], reasons: string, wait: string): string[] =>
    ids.length === 0 ? [] : [`- **${label}:** ${mentions(ids)} - ${reasons} (${wait})`]
  const first = (wanted: AgentKind): AgentId[] =>
    upward.filter((above) => directory.get(above)?.kind === wanted).slice(0, 1)
  const division = first('chief').map((chief) => directory.get(chief)?.division)[0]
  return [
    kind === 'life-ceo' ? `# ${title}${own}` : `# ${title}${own}: ${name}`,
    '',
    ...(kind === 'layer' || kind === 'domain' ? [`**Division:** ${division ?? 'none'}  `] : []),
    `**Reports to:** ${reportsTo.map((above) => mentionOf(above, directory)).join(' + ')}`,
    ...section('Identity & Purpose', [
      line(draft.purpose) ?? `Answers for ${name}: say here what that means.`,
    ]),
    ...section(
      'Core Responsibilities',
      bullets(draft.responsibilities, [`Keep ${name} working as promised below`]),
    ),
    ...section('Escalation Paths', [
      ...rung('Peer Support', peers, 'Questions and trouble at the seams', '30 min wait'),
      ...rung('Domain', kind === 'domain' ? [] : first('domain'), 'Performance out of bounds', '30 min wait'),
      ...rung(
        'Chief',
        kind === 'chief' ? [] : first('chief'),
        'What its domain cannot settle',
        '1 hour wait',
      ),
      ...rung('CEO', [CEO_ID], 'Loss of data, a breach of security', 'immediate'),
    ]),
    ...(peers.length === 0
      ? []
      : section(
          'Collaboration Patterns',
          peers.map((peer) => `- **With ${mentions([peer])}:** Answers its questions, and asks it first`),
        )),
    ...section('Success Metrics', bullets(draft.metrics, ['Tasks completed without an error >= 95%'])),
    '',
  ].join('\n')
}

/** An agent as cards name it, with its name behind where that reads back as the same agent. */
function mentionOf(id: AgentId, directory: Directory): string {
  const agent = directory.get(id)
  const form = FORMS[agent?.kind ?? kindOfId(id) ?? 'layer']
  const bare = `${form.mention}${id.slice(form.prefix.length)}`
  if (agent === undefined || agent.kind === 'life-ceo') return bare.replaceAll('-', ' ')
  return `${bare} (${agent.name.replace(/\s*\([^()]*\)/g, '')})`
}

/** Others of a kind, the nearest number first, and of two as near the lower one. */
function neighborsOf(id: AgentId, kind: AgentKind, directory: Directory): DirectoryAgent[] {
  const number = Number(/\d+$/.exec(id)?.[0] ?? 0)
  const far = (agent: DirectoryAgent): number => Math.abs((agent.number ?? 0) - number)
  return directory
    .all()
    .filter((agent) => agent.kind === kind && agent.id !== id)
    .toSorted((a, b) => far(a) - far(b) || (a.number ?? 0) - (b.number ?? 0))
}

function section(heading: string, lines: string[]): string[] {
  return ['', `## ${heading}`, '', ...lines]
}

function bullets(given: readonly string[] | undefined, otherwise: string[]): string[] {
  return (given === undefined || given.length === 0 ? otherwise : given).map(
    (words) => `- ${line(words) ?? ''}`,
  )
}

/** Words on one line, which begin no heading, bullet or quote of their own. */
function line(words: string | undefined): string | undefined {
  const flat = words?.replace(/\s+/g, ' ').trim()
  return flat === undefined || flat === '' ? undefined : flat.replace(/^(?=[#>*+-])/, '\\')
}

function unwritable(message: string, hint?: string): EsaError {
  return new EsaError('usage.card', 'terminal', message, hint === undefined ? {} : { hint })
}

function unknown(id: AgentId, named: AgentId): EsaError {
  const message = named === id ? `${id} cannot stand above or beside itself` : `there is no agent ${named}`
  return new EsaError('agent.unknown', 'terminal', message, { hint: 'see: esa agents ls' })
}
