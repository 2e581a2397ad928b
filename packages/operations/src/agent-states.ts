import { type AgentContext, type Awaited, type InboxItem, type Workload, workloadOf } from '@esa/behavior'
import { INCIDENT_TYPE } from '@esa/escalation'
import type { Directory, DirectoryAgent } from '@esa/org'
import { type AgentId, type AgentKind, isoTime, type Json, textOf } from '@esa/protocol'
import { contextOf, type Mailboxes, mailboxes } from './mailboxes.ts'
import type { World } from './world.ts'

/** Incidents of one agent that are named one by one: a page shows no more, and 10,000 would make megabytes of every answer. */
const NAMED_MAX = 50

/** A message of an agent's that waits for its answer. */
interface AwaitedDocument {
  messageId: string
  to: AgentId
  type: string
  subject: string
  thread: string
  sinceAt: string
  /** Unanswered past this instant, it becomes an incident. */
  dueAt: string
}

/** What an agent is, and what it has to do with at one instant. */
export interface AgentState {
  id: AgentId
  kind: AgentKind
  number: number | null
  name: string
  division: string | null
  reportsTo: AgentId[]
  manages: AgentId[]
  chief: AgentId | null
  domain: AgentId | null
  peers: AgentId[]
  hasCard: boolean
  /** `untold` for an agent that has never had a message. */
  status: 'untold' | 'resting' | 'watching' | 'stopped'
  seat: AgentContext['seat']
  workload: Workload['level']
  lastActiveAt: string | null
  openItems: number
  oldestItemAt: string | null
  awaits: AwaitedDocument[]
  /** Open incidents that it holds, that wait for it, and that it opened itself: the first of each, and how many there are. */
  incidents: { held: string[]; addressed: string[]; own: string[] }
  incidentCounts: { held: number; addressed: number; own: number }
}

/** An open incident in brief: whose it is, who was notified, who holds it. */
interface IncidentBrief {
  id: string
  agent: AgentId
  addressees: AgentId[]
  heldBy: string | null
}

/** A mailbox in brief. */
interface MailboxBrief {
  context: AgentContext
  status: string
  at: number
}

/** What `agentStates` is folded from, of now or of an instant that has passed. */
export interface OrgSources {
  boxes: ReadonlyMap<AgentId, MailboxBrief>
  incidents: readonly IncidentBrief[]
}

/** Every agent of the organization with what it has to do with now. */
export async function agentStates(world: Mailboxes & Pick<World, 'directory'>): Promise<AgentState[]> {
  return foldAgentStates(world.directory, await currentSources(world))
}

/** Agents with what they have to do with, folded from what was read. */
export function foldAgentStates(
  directory: Directory,
  { boxes, incidents }: OrgSources,
  agents: readonly DirectoryAgent[] = directory.all(),
): AgentState[] {
  const held = idsBy(incidents, ({ heldBy }) => (heldBy === null ? [] : [heldBy]))
  const addressed = idsBy(incidents, ({ addressees }) => addressees)
  const own = idsBy(incidents, ({ agent }) => [agent])
  return agents.map((agent) => {
    const box = boxes.get(agent.id)
    const of = (ids: ReadonlyMap<string, string[]>): string[] => ids.get(agent.id)?.slice(0, NAMED_MAX) ?? []
    const count = (ids: ReadonlyMap<string, string[]>): number => ids.get(agent.id)?.length ?? 0
    return {
      ...placeOf(agent, directory),
      ...liveOf(box),
      incidents: { held: of(held), addressed: of(addressed), own: of(own) },
      incidentCounts: { held: count(held), addressed: count(addressed), own: count(own) },
    }
  })
}

type Place = Pick<
  AgentState,
  | 'id'
  | 'kind'
  | 'number'
  | 'name'
  | 'division'
  | 'reportsTo'
  | 'manages'
  | 'chief'
  | 'domain'
  | 'peers'
  | 'hasCard'
>

function placeOf(agent: DirectoryAgent, directory: Directory): Place {
  const { id, kind, number, name, division, reportsTo, manages, card } = agent
  return {
    id,
    kind,
    number,
    name,
    division,
    reportsTo: [...reportsTo],
    manages: [...manages],
    chief: directory.chiefOf(id) ?? null,
    domain: directory.domainOf(id) ?? null,
    peers: directory.peersOf(id),
    hasCard: card !== null,
  }
}

function liveOf(
  box: MailboxBrief | undefined,
): Omit<AgentState, keyof Place | 'incidents' | 'incidentCounts'> {
  const { seat = 'built-in', inbox = {}, awaiting = {} } = box?.context ?? {}
  const items: InboxItem[] = Object.values(inbox)
  const oldest = items.reduce<number | null>((least, { at }) => Math.min(least ?? at, at), null)
  return {
    status: box === undefined ? 'untold' : (box.status as AgentState['status']),
    seat,
    workload: workloadOf(inbox).level,
    lastActiveAt: box === undefined ? null : isoTime(box.at),
    openItems: items.length,
    oldestItemAt: oldest === null ? null : isoTime(oldest),
    awaits: Object.entries(awaiting).map(([messageId, awaited]) => awaitedDocument(messageId, awaited)),
  }
}

function awaitedDocument(messageId: string, awaited: Awaited): AwaitedDocument {
  const { to, type, subject, thread, since, dueAt } = awaited
  return { messageId, to, type, subject, thread, sinceAt: isoTime(since), dueAt: isoTime(dueAt) }
}

function idsBy(
  incidents: readonly IncidentBrief[],
  keysOf: (incident: IncidentBrief) => readonly string[],
): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const incident of incidents)
    for (const key of keysOf(incident)) {
      const ids = found.get(key)
      if (ids === undefined) found.set(key, [incident.id])
      else ids.push(incident.id)
    }
  return found
}

/** Paths into the context of an incident, in the order in which `briefOf` takes them; `heldBy` is of version 1. */
const BRIEF_FIELDS = [['policy', 'agent'], ['addressees'], ['acknowledgedBy'], ['heldBy']]

async function currentSources(world: Mailboxes): Promise<OrgSources> {
  const [actors, outlines] = await Promise.all([
    mailboxes(world),
    world.store.outlines(INCIDENT_TYPE, BRIEF_FIELDS),
  ])
  const boxes = actors.map((actor): [AgentId, MailboxBrief] => {
    const { id, status, at } = actor.state
    return [id, { context: contextOf(actor), status, at }]
  })
  return { boxes: new Map(boxes), incidents: outlines.map(({ id, fields }) => briefOf(id, fields)) }
}

function briefOf(id: string, [agent, addressees, acknowledgedBy, heldBy1]: Json[]): IncidentBrief {
  const heldBy = acknowledgedBy ?? heldBy1
  return {
    id,
    agent: textOf(agent),
    addressees: (addressees ?? []) as string[],
    heldBy: typeof heldBy === 'string' ? heldBy : null,
  }
}
