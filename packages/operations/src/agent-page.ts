import { timeline, type TimelineEvent } from '@esa/escalation'
import { agentDocument, type AgentDocument } from './agent-document.ts'
import { agentFigures, type AgentFiguresDocument } from './agent-figures.ts'
import { agentStates, type AgentState } from './agent-states.ts'
import { type InboxDocument, listInbox } from './inbox.ts'
import { unknownAgent, type World } from './world.ts'

/** Entries of an agent's log that its page begins with, the newest: the rest is its timeline. */
const LAST_EVENTS = 50

/** Everything about one agent: its card's facts, what it does now, its figures, what waits, and what it did last. */
export interface AgentPage {
  card: AgentDocument
  state: AgentState
  figures: AgentFiguresDocument
  inbox: InboxDocument[]
  /** Without a time since the opening: an agent's log begins with its first message, long ago. */
  events: LogEntry[]
}

/** An entry of an agent's log. */
type LogEntry = Omit<TimelineEvent, 'sinceMs'>

/** Reads one agent's page. @throws EsaError `agent.unknown` (terminal). */
export async function agentPage(
  world: Pick<World, 'store' | 'directory' | 'behaviors'>,
  id: string,
): Promise<AgentPage> {
  const agent = world.directory.get(id)
  if (agent === undefined) throw unknownAgent(id)
  const [states, figures, inbox, events] = await Promise.all([
    agentStates(world),
    agentFigures(world, id),
    listInbox(world, id),
    lastEvents(world, id),
  ])
  return {
    card: agentDocument(agent),
    state: states.find((state) => state.id === id)!,
    figures,
    inbox,
    events,
  }
}

async function lastEvents({ store }: Pick<World, 'store'>, id: string): Promise<LogEntry[]> {
  const seq = (await store.readActor(id))?.state.seq ?? 0
  const events = await store.readStream(id, Math.max(0, seq - LAST_EVENTS))
  return timeline(events).map(({ sinceMs: _since, ...entry }) => entry)
}
