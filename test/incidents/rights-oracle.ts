import type { Directory } from '@esa/org'
import type { IncidentCommand, IncidentCommandType } from '@esa/escalation'
import type { AgentId, Category } from '@esa/protocol'

/** The agents of a level: by the card or the chart, or these very agents. */
type Rung = 'peers' | 'domain' | 'chief' | 'ceo' | readonly AgentId[]

const CEO = 'agent-0'

/** The table of docs/escalation.md, "Paths", a second time: what is tested against it must not have written it. */
const RUNGS: Record<Category, readonly Rung[]> = {
  integration: ['peers', 'chief', 'ceo'],
  performance: ['domain', 'chief', 'ceo'],
  architecture: ['chief', 'ceo'],
  'data-loss': ['ceo'],
  blocker: ['chief', 'ceo'],
  coordination: ['domain', 'chief', 'ceo'],
  production: ['domain', 'ceo'],
  conflict: ['domain', 'chief', 'ceo'],
  security: ['ceo'],
  overload: [['ops-63', 'ops-65'], 'chief', 'ceo'],
}

/** The agents of each rung of an agent's ladder, by the organization as it is drawn. */
export function ladderOf(org: Directory, agent: AgentId, category: Category): AgentId[][] {
  if (agent === CEO) return [[CEO]]
  const nearest = (kind: string): AgentId[] => {
    const named = (org.get(agent)?.card?.escalation ?? []).filter(({ level }) => level === kind)
    const first = named.flatMap(({ agents }) => agents).find((id) => id !== agent)
    if (first !== undefined) return [first]
    const above = [agent]
    for (const id of above)
      for (const next of org.get(id)?.reportsTo ?? []) if (!above.includes(next)) above.push(next)
    return above
      .slice(1)
      .filter((id) => org.get(id)?.kind === kind)
      .slice(0, 1)
  }
  const on = (rung: Rung): AgentId[] => {
    if (typeof rung !== 'string') return [...rung]
    if (rung === 'ceo') return [CEO]
    if (rung !== 'peers') return nearest(rung)
    const named = (org.get(agent)?.card?.escalation ?? []).filter(({ level }) => level === 'peer')
    return [...new Set(named.flatMap(({ agents }) => agents))]
  }
  return RUNGS[category].map((rung) => on(rung).filter((id) => id !== agent)).filter((ids) => ids.length > 0)
}

/** How far an incident has come: its level, and who took the place of that level's agents. */
export interface Standing {
  opener: AgentId
  ladder: AgentId[][]
  rung: number
  reassignedTo?: AgentId
}

/**
 * Who may ask what: docs/escalation.md, "Who may act", a second time. Notified at any level so far, or above on the path:
 * acknowledge, resolve, escalate, snooze. The rung's addressees: decline. The opener: withdraw, raise, escalate.
 */
export function mayAsk(
  { opener, ladder, rung, reassignedTo }: Standing,
  who: AgentId,
  command: IncidentCommandType,
): boolean {
  if (who === 'operator') return true
  const told = [...ladder.slice(0, rung + 1).flat(), ...(reassignedTo === undefined ? [] : [reassignedTo])]
  const above = ladder.slice(rung + 1).flat()
  const addressees = reassignedTo === undefined ? (ladder[rung] ?? []) : [reassignedTo]
  const responds = told.includes(who) || above.includes(who)
  const allowed: Record<IncidentCommandType, boolean> = {
    acknowledge: responds,
    resolve: responds,
    snooze: responds,
    escalate: responds || who === opener,
    decline: addressees.includes(who),
    withdraw: who === opener,
    raise: who === opener,
    suppress: false,
    unsuppress: false,
    reassign: false,
  }
  return allowed[command]
}

const HOUR_MS = 3_600_000

/** Every command, well formed. */
export function commandsAs(as: AgentId, to: AgentId): IncidentCommand[] {
  return [
    { type: 'acknowledge', as, forMs: HOUR_MS },
    { type: 'decline', as, reason: 'not mine' },
    { type: 'resolve', as, cause: 'done' },
    { type: 'withdraw', as },
    { type: 'snooze', as, forMs: HOUR_MS },
    { type: 'suppress', as, forMs: HOUR_MS },
    { type: 'unsuppress', as },
    { type: 'escalate', as },
    { type: 'reassign', as, to },
    { type: 'raise', as },
  ]
}
