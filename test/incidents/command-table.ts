import type { IncidentCommand, IncidentCommandType } from '@esa/escalation'

const MIN = 60_000
const HOUR = 60 * MIN

/** An agent's role in an incident. One may have several: an addressee was also notified. */
type Standing = 'operator' | 'opener' | 'addressee' | 'declined' | 'told' | 'above' | 'stopped'

/** Who may ask for what. Source: docs/escalation.md, "Who may act". */
const WHO: Record<IncidentCommandType, Standing[]> = {
  acknowledge: ['operator', 'told', 'above'],
  resolve: ['operator', 'told', 'above'],
  snooze: ['operator', 'told', 'above'],
  escalate: ['operator', 'told', 'above', 'opener'],
  decline: ['operator', 'addressee'],
  withdraw: ['operator', 'opener'],
  raise: ['operator', 'opener'],
  suppress: ['operator'],
  unsuppress: ['operator'],
  reassign: ['operator'],
}

/** The state that each command leads to from each state that takes it. Source: docs/escalation.md, "States and commands". */
export const LEADS_TO: Record<IncidentCommandType, Partial<Record<string, string>>> = {
  acknowledge: { triggered: 'acknowledged', snoozed: 'acknowledged', exhausted: 'acknowledged' },
  decline: { triggered: 'triggered' },
  snooze: { triggered: 'snoozed', acknowledged: 'snoozed' },
  suppress: { triggered: 'suppressed' },
  unsuppress: { suppressed: 'triggered' },
  escalate: { triggered: 'triggered', acknowledged: 'triggered', snoozed: 'triggered' },
  reassign: { triggered: 'triggered', acknowledged: 'triggered' },
  raise: {
    triggered: 'triggered',
    acknowledged: 'triggered',
    snoozed: 'triggered',
    suppressed: 'triggered',
    exhausted: 'triggered',
  },
  resolve: {
    triggered: 'resolved',
    acknowledged: 'resolved',
    snoozed: 'resolved',
    suppressed: 'resolved',
    exhausted: 'resolved',
  },
  withdraw: {
    triggered: 'resolved',
    acknowledged: 'resolved',
    snoozed: 'resolved',
    suppressed: 'resolved',
    exhausted: 'resolved',
  },
}

/** Every command as it is given, and commands that go too far. `refusal` holds for permitted callers. */
export const ASKED: {
  name: string
  ask: (as: string, epoch: number) => IncidentCommand
  refusal?: string
}[] = [
  { name: 'acknowledge', ask: (as) => ({ type: 'acknowledge', as }) },
  { name: 'acknowledge for 24 h', ask: (as) => ({ type: 'acknowledge', as, forMs: 24 * HOUR }) },
  {
    name: 'acknowledge for longer than 24 h',
    ask: (as) => ({ type: 'acknowledge', as, forMs: 24 * HOUR + 1 }),
    refusal: 'incident.too-long',
  },
  { name: 'decline', ask: (as) => ({ type: 'decline', as, reason: 'no' }) },
  { name: 'resolve', ask: (as) => ({ type: 'resolve', as, cause: 'done' }) },
  { name: 'withdraw', ask: (as) => ({ type: 'withdraw', as }) },
  { name: 'snooze for 4 h', ask: (as) => ({ type: 'snooze', as, forMs: 4 * HOUR }) },
  {
    name: 'snooze for longer than 4 h',
    ask: (as) => ({ type: 'snooze', as, forMs: 4 * HOUR + 1 }),
    refusal: 'incident.too-long',
  },
  { name: 'suppress for 24 h', ask: (as) => ({ type: 'suppress', as, forMs: 24 * HOUR }) },
  {
    name: 'suppress for longer than 24 h',
    ask: (as) => ({ type: 'suppress', as, forMs: 24 * HOUR + 1 }),
    refusal: 'incident.too-long',
  },
  { name: 'unsuppress', ask: (as) => ({ type: 'unsuppress', as }) },
  { name: 'escalate', ask: (as) => ({ type: 'escalate', as }) },
  { name: 'escalate from this epoch', ask: (as, epoch) => ({ type: 'escalate', as, epoch }) },
  {
    name: 'escalate from an epoch that is over',
    ask: (as, epoch) => ({ type: 'escalate', as, epoch: epoch - 1 }),
    refusal: 'incident.already-escalated',
  },
  { name: 'reassign', ask: (as) => ({ type: 'reassign', as, to: 'layer-50' }) },
  {
    name: 'reassign to its opener',
    ask: (as) => ({ type: 'reassign', as, to: 'layer-1' }),
    refusal: 'incident.own-path',
  },
  { name: 'raise', ask: (as) => ({ type: 'raise', as }) },
]

/** One situation of an incident of layer-1: how it comes about, its state then, and who is who. */
export interface Scene {
  name: string
  category: 'integration' | 'security' | 'data-loss'
  into: Step[]
  status: string
  level: 'peer' | 'chief' | 'ceo'
  cast: Record<string, Standing[]>
  /** Leads to another state than the table says, because of its level. */
  leadsTo?: Partial<Record<IncidentCommandType, string>>
  dataLoss?: boolean
}

/** A command, a while that passes, an outage that leaves an overdue deadline to the command, a silence, or a stop. */
export type Step =
  | IncidentCommand
  | { type: 'wait'; forMs: number }
  | { type: 'freeze'; forMs: number }
  | { type: 'silence'; forMs: number }
  | { type: 'stop'; agent: string }

const AT_PEER: Scene['cast'] = {
  operator: ['operator'],
  'layer-1': ['opener'],
  'layer-2': ['addressee', 'told'],
  'chief-1': ['above'],
  'agent-0': ['above'],
  'layer-14': [],
  'chief-2': [],
}
const AT_CHIEF: Scene['cast'] = {
  operator: ['operator'],
  'layer-1': ['opener'],
  'layer-2': ['told'],
  'chief-1': ['addressee', 'told'],
  'agent-0': ['above'],
  'layer-14': [],
}
const AT_CEO: Scene['cast'] = {
  operator: ['operator'],
  'layer-1': ['opener'],
  'agent-0': ['addressee', 'told'],
  // A copy is not a notice, and gives no right.
  'chief-5': [],
  'layer-14': [],
}
const hour = { forMs: HOUR }

/** Every state, on each level on which it differs, and whatever else decides which commands are allowed. */
export const SCENES: Scene[] = [
  {
    name: 'triggered at the peers',
    category: 'integration',
    into: [],
    status: 'triggered',
    level: 'peer',
    cast: AT_PEER,
  },
  {
    name: 'triggered at the peers, one of them has declined',
    category: 'integration',
    into: [{ type: 'decline', as: 'layer-3', reason: 'no' }],
    status: 'triggered',
    level: 'peer',
    cast: { 'layer-2': ['addressee', 'told'], 'layer-3': ['addressee', 'declined', 'told'] },
  },
  {
    name: 'triggered at the chief after a missed wait',
    category: 'integration',
    into: [{ type: 'wait', forMs: 31 * MIN }],
    status: 'triggered',
    level: 'chief',
    cast: AT_CHIEF,
  },
  {
    name: 'triggered at the chief by a deadline that the command itself settles',
    category: 'integration',
    into: [{ type: 'freeze', forMs: 31 * MIN }],
    status: 'triggered',
    level: 'chief',
    cast: AT_CHIEF,
  },
  {
    name: 'triggered at the CEO',
    category: 'security',
    into: [],
    status: 'triggered',
    level: 'ceo',
    cast: AT_CEO,
  },
  {
    name: 'triggered at the CEO, who was notified again',
    category: 'security',
    into: [{ type: 'wait', forMs: 121 * MIN }],
    status: 'triggered',
    level: 'ceo',
    cast: AT_CEO,
    leadsTo: { escalate: 'exhausted', decline: 'exhausted' },
  },
  {
    name: 'data loss',
    category: 'data-loss',
    into: [],
    status: 'triggered',
    level: 'ceo',
    cast: AT_CEO,
    dataLoss: true,
  },
  {
    name: 'reassigned',
    category: 'integration',
    into: [{ type: 'reassign', as: 'operator', to: 'layer-14' }],
    status: 'triggered',
    level: 'peer',
    cast: {
      operator: ['operator'],
      'layer-1': ['opener'],
      'layer-14': ['addressee', 'told'],
      'layer-2': ['told'],
      'chief-1': ['above'],
      'layer-30': [],
    },
  },
  {
    name: 'acknowledged by a peer',
    category: 'integration',
    into: [{ type: 'acknowledge', as: 'layer-2' }],
    status: 'acknowledged',
    level: 'peer',
    cast: { ...AT_PEER, 'layer-3': ['addressee', 'told'] },
  },
  {
    name: 'acknowledged by the CEO',
    category: 'security',
    into: [{ type: 'acknowledge', as: 'agent-0' }],
    status: 'acknowledged',
    level: 'ceo',
    cast: AT_CEO,
  },
  {
    name: 'snoozed',
    category: 'integration',
    into: [{ type: 'snooze', as: 'layer-2', ...hour }],
    status: 'snoozed',
    level: 'peer',
    cast: AT_PEER,
  },
  {
    name: 'suppressed',
    category: 'integration',
    into: [{ type: 'suppress', as: 'operator', ...hour }],
    status: 'suppressed',
    level: 'peer',
    cast: AT_PEER,
  },
  {
    name: 'silenced',
    category: 'integration',
    into: [{ type: 'silence', ...hour }],
    status: 'suppressed',
    level: 'peer',
    // No one has been notified yet, the peers neither.
    cast: { ...AT_PEER, 'layer-2': [] },
  },
  {
    name: 'exhausted',
    category: 'security',
    into: [{ type: 'wait', forMs: 241 * MIN }],
    status: 'exhausted',
    level: 'ceo',
    cast: AT_CEO,
  },
  {
    name: 'resolved',
    category: 'integration',
    into: [{ type: 'resolve', as: 'layer-2', cause: 'done' }],
    status: 'resolved',
    level: 'peer',
    cast: AT_PEER,
  },
  {
    name: 'triggered, a peer is stopped',
    category: 'integration',
    into: [{ type: 'stop', agent: 'layer-2' }],
    status: 'triggered',
    level: 'peer',
    cast: { 'layer-2': ['stopped', 'addressee', 'told'], 'layer-3': ['addressee', 'told'] },
    // No agent is left that could answer.
    leadsTo: { decline: 'triggered' },
  },
]

/**
 * The refusal that the tables above give a command, or null when it is obeyed. Resolved refuses all; then comes
 * who asks, then the command, then the state.
 */
export function expectedRefusal(
  scene: Scene,
  standings: Standing[],
  asked: (typeof ASKED)[number],
): string | null {
  const { type } = asked.ask('operator', 1)
  if (scene.status === 'resolved') return 'incident.resolved'
  const mayAsk = WHO[type].some((who) => standings.includes(who)) && !standings.includes('stopped')
  if (!mayAsk) return 'incident.not-allowed'
  if (type === 'snooze' || type === 'suppress') {
    if (scene.dataLoss === true) return 'incident.data-loss'
    if (scene.level === 'ceo') return 'incident.at-ceo'
  }
  if (type === 'raise' && scene.dataLoss === true) return 'incident.already-data-loss'
  if (type === 'decline' && standings.includes('declined')) return 'incident.already-declined'
  if (asked.refusal !== undefined) return asked.refusal
  return LEADS_TO[type][scene.status] === undefined ? 'incident.wrong-state' : null
}
