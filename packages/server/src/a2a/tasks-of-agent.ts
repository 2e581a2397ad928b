import type { Task } from '@a2a-js/sdk'
import { INCIDENT_TYPE, incidentContext, type Incident, incidentView } from '@esa/escalation'
import { listTasks, requireAgent, requireTask } from '@esa/operations'
import type { Desk } from '../mcp/desk.ts'
import { EsaError, isEsaError } from '@esa/protocol'
import { incidentTask } from './incident-task.ts'
import { messageTask } from './message-task.ts'

/** Whether an incident concerns an agent: its own, or one with the agent on its path. */
function concerns({ agent, path, addressees, heldBy }: Incident, id: string): boolean {
  return (
    agent === id || heldBy === id || addressees.includes(id) || path.some(({ agents }) => agents.includes(id))
  )
}

/**
 * A task of an agent by its id, from the store: that of an incident on whose path it is, or of a message that it got or sent.
 * @throws EsaError `task.unknown` (terminal), also for one of others.
 */
export async function taskOf({ world }: Desk, agent: string, id: string): Promise<Task> {
  const { store } = world
  const [actor, { nowMs }] = await Promise.all([store.readActor(id), store.runtime()])
  if (actor !== null && actor.state.type === INCIDENT_TYPE) {
    const incident = incidentView(actor.state, nowMs)
    if (!concerns(incident, agent)) throw unknownTask(id)
    const closed = !actor.state.live
    const events = closed ? await store.readStream(id) : []
    const withdrawn = events.some(({ type }) => type === 'incident.withdrawn')
    return incidentTask({ incident, at: actor.state.at, withdrawn })
  }
  const task = await requireTask(world, id).catch((error: unknown) => {
    // In the same words as of others' tasks.
    throw isEsaError(error, 'task.unknown') ? unknownTask(id) : error
  })
  if (![task.from, task.to, task.holder].includes(agent)) throw unknownTask(id)
  return messageTask(task)
}

/** The tasks of an agent, the newest first: its incidents that are open or were its own, and its newest messages. */
export async function tasksOf({ world }: Desk, agent: string): Promise<Task[]> {
  requireAgent(world, agent)
  const { store } = world
  const [actors, { nowMs }, messages] = await Promise.all([
    store.listActors({ type: INCIDENT_TYPE }),
    store.runtime(),
    listTasks(world, { agent }),
  ])
  const incidents = actors
    .filter(({ state }) => state.live || incidentContext(state).policy.agent === agent)
    .map(({ state }) => ({ incident: incidentView(state, nowMs), at: state.at, withdrawn: false }))
    .filter(({ incident }) => concerns(incident, agent))
  const answered = await Promise.all(messages.map(({ id }) => requireTask(world, id)))
  const tasks = [...incidents.map(incidentTask), ...answered.map(messageTask)]
  return tasks.toSorted((a, b) => (b.status?.timestamp ?? '').localeCompare(a.status?.timestamp ?? ''))
}

function unknownTask(id: string): EsaError {
  return new EsaError('task.unknown', 'terminal', `there is no task "${id}" here`)
}
