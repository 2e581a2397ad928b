import type { AgentContext } from '@esa/behavior'
import { INCIDENT_TYPE, type Incident } from '@esa/escalation'
import { EsaError, type JsonObject } from '@esa/protocol'
import { brokenInvariants, World } from '@esa/simulator'
import { projectOrg } from './project-org.ts'

const org = projectOrg()

/** A world in which the real agents have their mailboxes, and what its tests ask of it. */
export class AgentsWorld extends World {
  readonly org = org

  constructor(timeScale = 1) {
    super({ directory: org, timeScale, agents: true })
  }

  /** Sends a task from one agent to another, and gives the id of its message. */
  async task(from: string, to: string, more: JsonObject = {}): Promise<string> {
    const subject = 'cache the catalogue'
    const message = { from, to: [to], type: 'task_request', subject, body: { task: subject }, ...more }
    return (await this.send(message))[0]!
  }

  /** A person answers an item of an agent's inbox. */
  async answer(agent: string, item: string, text = 'done'): Promise<string[]> {
    const events = await this.tell(agent, { type: 'answer', item, text, as: agent, by: 'someone' })
    return events.map(({ type }) => type)
  }

  /** What an agent carries. */
  async mind(agent: string): Promise<AgentContext> {
    const { context }: { context: unknown } = (await this.history(agent)).row.state.snapshot
    return context as AgentContext
  }

  /** The types of an agent's events, from the first. */
  async log(agent: string): Promise<string[]> {
    return (await this.history(agent)).events.map(({ type }) => type)
  }

  /** Every incident of an agent, each checked against what always holds. */
  async incidentsOf(agent: string): Promise<Incident[]> {
    const rows = await this.store.listActors({ type: INCIDENT_TYPE })
    const seen = await Promise.all(rows.map(({ state }) => this.incident(state.id)))
    const own = seen.filter((incident) => incident.agent === agent)
    for (const { id } of own) {
      const broken = brokenInvariants(await this.history(id))
      if (broken.length > 0) throw new EsaError('test.invariant-broken', 'bug', `${id}: ${broken.join('; ')}`)
    }
    return own
  }
}
