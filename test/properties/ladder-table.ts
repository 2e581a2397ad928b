import type { pinPolicy } from '@esa/escalation'
import type { Directory } from '@esa/org'
import { CATEGORIES, type Category } from '@esa/protocol'

const MIN = 60_000
const HOUR = 60 * MIN
const DAY = 24 * HOUR

/** The table of docs/escalation.md, "Paths", read once more: rungs as `who wait`, copies after `+`. */
const TABLE: Record<Category, string> = {
  integration: 'peer chief ceo',
  performance: 'domain chief ceo',
  architecture: 'chief ceo',
  'data-loss': 'ceo + chief domain',
  blocker: 'chief ceo',
  coordination: 'domain chief ceo',
  production: 'domain ceo + ceo',
  conflict: `domain=${2 * DAY} chief=${DAY} ceo`,
  security: 'ceo + chief-5',
  overload: 'ops-63,ops-65 chief ceo',
}

const DEFAULT_MS: Record<string, number> = { peer: 30 * MIN, domain: 30 * MIN, chief: HOUR }

/**
 * The first ladder that is not what the table and the card make it; null when all are. The docs give this promise no
 * number: what is pinned wrongly is kept faithfully by all that have one.
 */
export function wrongLadderIn(directory: Directory, pin: typeof pinPolicy): string | null {
  for (const { id } of directory.all()) {
    for (const category of CATEGORIES) {
      const { path, copies } = pin(id, category, directory)
      const is = [
        ...path.map(({ agents, waitMs }) => `${agents.join()} ${waitMs}`),
        `+ ${copies.join()}`,
      ].join(' -> ')
      const should = ladderOf(id, category, directory)
      if (is !== should) return `paths: ${id} ${category} is ${is}, not ${should}`
    }
  }
  return null
}

function ladderOf(id: string, category: Category, org: Directory): string {
  const [rungs = '', copies = ''] = TABLE[category].split(' + ')
  const others = (who: string): string[] => agentsOf(id, who, org).filter((other) => other !== id)
  const told = [...new Set(copies.split(' ').flatMap((who) => (who === '' ? [] : others(who))))]
  if (id === 'agent-0') return [`agent-0 ${2 * HOUR}`, `+ ${told.join()}`].join(' -> ')
  const path = rungs.split(' ').flatMap((rung) => {
    const [who = '', fixedMs] = rung.split('=')
    const agents = others(who)
    return agents.length === 0 ? [] : [`${agents.join()} ${fixedMs ?? waitOf(id, who, org)}`]
  })
  return [...path, `+ ${told.join()}`].join(' -> ')
}

function agentsOf(id: string, who: string, org: Directory): string[] {
  if (who === 'ceo') return ['agent-0']
  if (who === 'peer') return org.peersOf(id)
  const above = who === 'chief' ? org.chiefOf(id) : who === 'domain' ? org.domainOf(id) : undefined
  if (who === 'chief' || who === 'domain') return above === undefined ? [] : [above]
  return who.split(',')
}

/** The card's wait where it gives one; the CEO's is the organization's. */
function waitOf(id: string, who: string, org: Directory): number {
  if (who === 'ceo') return 2 * HOUR
  if (who.startsWith('ops-')) return 30 * MIN
  const level = who as 'peer' | 'domain' | 'chief'
  return org.escalationOf(id, level).find(({ waitMs }) => waitMs !== null)?.waitMs ?? DEFAULT_MS[who]!
}
