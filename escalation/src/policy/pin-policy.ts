import type { Directory } from '@esa/org'
import { type AgentId, type Category, CEO_ID, EsaError, type Level } from '@esa/protocol'
import type { PathStep, Policy } from './policy.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** What the CEO has before the next notice: the organization's response target. Source: docs/escalation.md. */
const CEO_WAIT_MS = 2 * HOUR_MS

/** How long an acknowledgement holds unless its `for` says otherwise. */
const ACK_TIMEOUT_MS = 2 * HOUR_MS

/** Pause between two alarms of an exhausted incident. */
const ALARM_EVERY_MS = 4 * HOUR_MS

/** A wait that a card does not give. */
const DEFAULT_WAIT_MS: Record<Level, number> = {
  peer: 30 * MINUTE_MS,
  domain: 30 * MINUTE_MS,
  chief: HOUR_MS,
  ceo: CEO_WAIT_MS,
}

/** A rung as the table of ladders has it: agents given here stand there whatever the card says, as do waits. */
interface Rung {
  level: Level
  agents?: AgentId[]
  waitMs?: number
}

/** The ladder of each category, lowest rung first. Source: docs/escalation.md, "Paths". */
const LADDERS: Record<Category, { rungs: Rung[]; copies?: string[] }> = {
  integration: { rungs: [{ level: 'peer' }, { level: 'chief' }, { level: 'ceo' }] },
  performance: { rungs: [{ level: 'domain' }, { level: 'chief' }, { level: 'ceo' }] },
  architecture: { rungs: [{ level: 'chief' }, { level: 'ceo' }] },
  'data-loss': { rungs: [{ level: 'ceo' }], copies: ['chief', 'domain'] },
  blocker: { rungs: [{ level: 'chief' }, { level: 'ceo' }] },
  coordination: { rungs: [{ level: 'domain' }, { level: 'chief' }, { level: 'ceo' }] },
  production: { rungs: [{ level: 'domain' }, { level: 'ceo' }], copies: ['ceo'] },
  conflict: {
    rungs: [{ level: 'domain', waitMs: 2 * DAY_MS }, { level: 'chief', waitMs: DAY_MS }, { level: 'ceo' }],
  },
  security: { rungs: [{ level: 'ceo' }], copies: ['chief-5'] },
  overload: {
    rungs: [{ level: 'peer', agents: ['ops-63', 'ops-65'] }, { level: 'chief' }, { level: 'ceo' }],
  },
}

/**
 * The ladder an incident climbs, read from its agent's card and fixed for the incident's life. Waits are ms, divided by
 * `timeScale`; a level the agent does not have is left out, one whose agents are unreachable stays, so that passing it
 * is recorded. Source: "Escalation Paths" of the card, defaults of docs/escalation.md.
 * @throws EsaError `agent.unknown` or `policy.unreachable-ceo` (terminal).
 */
export function pinPolicy(agent: AgentId, category: Category, org: Directory, timeScale = 1): Policy {
  const known = org.get(agent)
  if (known === undefined) throw new EsaError('agent.unknown', 'terminal', `there is no agent "${agent}"`)
  if (org.get(CEO_ID) === undefined) {
    throw new EsaError(
      'policy.unreachable-ceo',
      'terminal',
      `no path of ${agent} ends at the CEO: the org has no ${CEO_ID}`,
    )
  }
  const { rungs, copies = [] } = LADDERS[category]
  const scaled = (ms: number): number => Math.max(1, Math.round(ms / timeScale))
  return {
    agent,
    category,
    cardHash: known.card?.cardHash ?? '',
    path: agent === CEO_ID ? [ceoAlone(scaled)] : rungs.flatMap((rung) => pinRung(agent, rung, org, scaled)),
    copies: [...new Set(copies.flatMap((copy) => agentsAt(agent, copy, org)))].filter(
      (copy) => copy !== agent,
    ),
    ackTimeoutMs: scaled(ACK_TIMEOUT_MS),
    alarmEveryMs: scaled(ALARM_EVERY_MS),
    timeScale,
  }
}

/** The CEO's own incidents have a single level, with no one else on it. */
function ceoAlone(scaled: (ms: number) => number): PathStep {
  return { level: 'ceo', agents: [CEO_ID], waitMs: scaled(CEO_WAIT_MS), cardLine: null, defaultWait: true }
}

function pinRung(agent: AgentId, rung: Rung, org: Directory, scaled: (ms: number) => number): PathStep[] {
  const agents = (rung.agents ?? agentsAt(agent, rung.level, org)).filter((other) => other !== agent)
  if (agents.length === 0) return []
  // A rung that the table fills is not the card's: neither is its wait.
  const named = rung.agents === undefined ? org.escalationOf(agent, rung.level) : []
  const entry = named.find(({ waitMs }) => waitMs !== null) ?? named[0]
  const fromCard = rung.level === 'ceo' || rung.waitMs !== undefined ? null : (entry?.waitMs ?? null)
  return [
    {
      level: rung.level,
      agents,
      waitMs: scaled(rung.waitMs ?? fromCard ?? DEFAULT_WAIT_MS[rung.level]),
      cardLine: entry?.line ?? null,
      defaultWait: fromCard === null,
    },
  ]
}

/** The agents of a level's name, or of an agent's id. */
function agentsAt(agent: AgentId, who: string, org: Directory): AgentId[] {
  switch (who) {
    case 'peer':
      return org.peersOf(agent)
    case 'domain':
      return given(org.domainOf(agent))
    case 'chief':
      return given(org.chiefOf(agent))
    case 'ceo':
      return [CEO_ID]
    default:
      return [who]
  }
}

function given(id: AgentId | undefined): AgentId[] {
  return id === undefined ? [] : [id]
}
