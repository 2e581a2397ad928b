import type { OrgAgent } from './org-query.ts'

/** Some agents of a lane, under the domain that runs them day by day. */
export interface LaneGroup {
  /** The domain's id, or null for those that stand under their chief alone. */
  domain: string | null
  head: OrgAgent | null
  members: OrgAgent[]
}

/** A chief with all agents below. */
export interface Lane {
  chief: OrgAgent
  groups: LaneGroup[]
}

/**
 * The organization as lanes, one a chief; agents without a chief are in `top`. Every agent is in it exactly once: a domain of
 * another chief's heads a group in each lane that has agents of it, without being counted there.
 */
export function lanesOf(agents: readonly OrgAgent[]): { top: OrgAgent[]; lanes: Lane[] } {
  const byId = new Map(agents.map((agent) => [agent.id, agent]))
  const chiefs = agents.filter(({ kind }) => kind === 'chief')
  const isChief = new Set(chiefs.map(({ id }) => id))
  const laneOf = ({ id, chief }: OrgAgent): string | null =>
    isChief.has(id) ? id : chief !== null && isChief.has(chief) ? chief : null
  return {
    top: agents.filter((agent) => laneOf(agent) === null),
    lanes: chiefs.map((chief) => {
      const below = agents.filter((agent) => agent.id !== chief.id && laneOf(agent) === chief.id)
      const groups = new Map<string | null, LaneGroup>()
      for (const agent of below) {
        const domain = agent.kind === 'domain' ? agent.id : agent.domain
        const head = domain === null ? null : (byId.get(domain) ?? null)
        const group = groups.get(domain) ?? { domain, head, members: [] }
        groups.set(domain, group)
        group.members.push(agent)
      }
      return { chief, groups: [...groups.values()].toSorted(byDomain) }
    }),
  }
}

/** Domains in the order of their numbers; those under the chief alone come last. */
function byDomain(a: LaneGroup, b: LaneGroup): number {
  return (a.head?.number ?? Number.MAX_SAFE_INTEGER) - (b.head?.number ?? Number.MAX_SAFE_INTEGER)
}
