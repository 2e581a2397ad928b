import { type AgentId, CEO_ID } from '@esa/protocol'
import type { AgentCard, CardMention } from './agent-card.ts'
import { type Directory, upwardOf } from './directory.ts'
import { closest } from './labels.ts'
import { chartAgent } from './org-chart.ts'
import { byPlace, type Problem } from './problem.ts'

/** What the kind of an agent on a path's level is expected to be. */
const KIND_OF_LEVEL = { domain: 'domain', chief: 'chief', ceo: 'ceo' } as const

/**
 * What does not fit in an organization, at the cards' places and naming agents by id: unknown ids, two cards
 * of one id, circles of reporting, agents that no line takes to the CEO (errors); named agents without a card, lines
 * that the other side does not mirror, orphans, paths to the wrong kind of agent (warnings). In reading order.
 */
export function checkDirectory(directory: Directory): Problem[] {
  const cards = directory.cards()
  return [
    ...duplicates(cards),
    ...cycles(directory),
    ...cards.flatMap((card) => [
      ...unknownAgents(card, directory),
      ...unmirrored(card, directory),
      ...misplaced(card, directory),
      ...disconnected(card, directory),
    ]),
    ...missingCards(directory),
  ].sort(byPlace)
}

function duplicates(cards: readonly AgentCard[]): Problem[] {
  const first = new Map<AgentId, AgentCard>()
  const problems: Problem[] = []
  for (const card of cards) {
    const other = first.get(card.id)
    if (other) problems.push(error(card, 'org.duplicate-id', `${card.id} has a card already: ${other.file}`))
    else first.set(card.id, card)
  }
  return problems
}

function unknownAgents(card: AgentCard, directory: Directory): Problem[] {
  const ids = directory.all().map((agent) => agent.id)
  const problems: Problem[] = []
  for (const mention of card.mentions) {
    if (directory.get(mention.id)) continue
    const near = closest(mention.id, ids)
    const hint = near ? `Did you mean ${near}?` : 'See "esa org --tree" for the agents there are.'
    problems.push({
      ...error(card, 'org.unknown-agent', `${card.id} names ${mention.id}, which is not an agent`, mention),
      hint,
    })
  }
  return problems
}

/** One warning an agent, at its first mention: a card may name agents whose cards are still to be written. */
function missingCards(directory: Directory): Problem[] {
  const reported = new Set<AgentId>()
  const problems: Problem[] = []
  for (const card of directory.cards()) {
    for (const mention of card.mentions) {
      const agent = directory.get(mention.id)
      if (!agent || agent.card || reported.has(mention.id)) continue
      reported.add(mention.id)
      const message = `${mention.id} is named by ${card.id} and has no card yet`
      problems.push(warning(card, 'org.no-card', message, mention))
    }
  }
  return problems
}

function unmirrored(card: AgentCard, directory: Directory): Problem[] {
  const problems: Problem[] = []
  // No card can list a new agent; that it is new is reported once, below.
  for (const id of chartAgent(card.id) ? card.reportsTo : []) {
    const above = directory.get(id)
    if (!above?.card || above.manages.includes(card.id)) continue
    const message = `${card.id} reports to ${id}, but ${id} does not list ${card.id} among those it manages`
    problems.push(warning(card, 'org.unmirrored', message, mentionOf(card, id, 'reportsTo')))
  }
  for (const id of card.manages) {
    const below = directory.get(id)
    if (!below?.card || below.reportsTo.includes(card.id)) continue
    const message = `${card.id} manages ${id}, but ${id} does not report to ${card.id}`
    problems.push(warning(card, 'org.unmirrored', message, mentionOf(card, id, 'manages')))
  }
  return problems
}

function misplaced(card: AgentCard, directory: Directory): Problem[] {
  const problems: Problem[] = []
  if (!chartAgent(card.id)) {
    const message = `${card.id} is not on the organization chart`
    const hint = 'An agent of your own is on none: let ESA_OWN_AGENTS name its folder, and it is expected.'
    problems.push({ ...warning(card, 'org.not-on-chart', message), hint })
  }
  for (const mention of card.mentions) {
    if (mention.as === 'reportsTo' || mention.as === 'manages' || mention.as === 'collaboration') continue
    if (mention.id === card.id && mention.as !== 'ceo') {
      const message = `${card.id} names itself as ${mention.as}: an agent is never on its own path`
      problems.push(warning(card, 'org.names-itself', message, mention))
    }
    const kind = directory.get(mention.id)?.kind
    if (mention.as === 'peer' || !kind || kind === KIND_OF_LEVEL[mention.as]) continue
    const message = `${card.id} names ${mention.id} as its ${mention.as}, which is a ${kind}`
    problems.push(warning(card, 'org.wrong-kind', message, mention))
  }
  return problems
}

function disconnected(card: AgentCard, directory: Directory): Problem[] {
  if (card.id === CEO_ID) return []
  const problems: Problem[] = []
  const managed = directory.all().some((agent) => agent.manages.includes(card.id))
  if (card.reportsTo.length === 0 && !managed) {
    const message = `${card.id} is an orphan: it reports to no agent and no agent manages it`
    problems.push(warning(card, 'org.orphan', message))
  }
  const named = directory.escalationOf(card.id, 'ceo').some((path) => path.agents.includes(CEO_ID))
  if (!named && !upwardOf(card.id, directory.get).includes(CEO_ID)) {
    const message = `no path of ${card.id} ends at the CEO (${CEO_ID})`
    const hint = 'Add a CEO path to its card, or a line upward that ends there.'
    problems.push({ ...error(card, 'org.ceo-unreachable', message), hint })
  }
  return problems
}

/** Each circle once, at its first card. */
function cycles(directory: Directory): Problem[] {
  const problems: Problem[] = []
  const reported = new Set<AgentId>()
  for (const card of directory.cards()) {
    if (reported.has(card.id)) continue
    const circle = circleThrough(card.id, directory)
    if (!circle) continue
    for (const id of circle) reported.add(id)
    const message = `reporting goes in a circle: ${[...circle, card.id].join(' -> ')}`
    problems.push(error(card, 'org.cycle', message, mentionOf(card, circle[1] ?? card.id, 'reportsTo')))
  }
  return problems
}

/** The shortest way upward from an agent back to itself, beginning with it. */
function circleThrough(id: AgentId, directory: Directory): AgentId[] | undefined {
  const cameFrom = new Map<AgentId, AgentId>()
  const queue = [id]
  for (const current of queue) {
    for (const above of directory.get(current)?.reportsTo ?? []) {
      if (above === id) {
        const way = [current]
        while (way[0] !== id) way.unshift(cameFrom.get(way[0]!)!)
        return way
      }
      if (cameFrom.has(above)) continue
      cameFrom.set(above, current)
      queue.push(above)
    }
  }
  return undefined
}

function mentionOf(card: AgentCard, id: AgentId, as: CardMention['as']): CardMention | undefined {
  return card.mentions.find((mention) => mention.id === id && mention.as === as)
}

function error(card: AgentCard, code: string, message: string, at?: CardMention): Problem {
  return { file: card.file, line: at?.line ?? 1, column: at?.column ?? 1, severity: 'error', code, message }
}

function warning(card: AgentCard, code: string, message: string, at?: CardMention): Problem {
  return { ...error(card, code, message, at), severity: 'warning' }
}
