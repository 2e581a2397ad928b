import { type ActivityHandler, type ActorDefinition, checkDefinition, type Opening } from '@esa/actor'
import type { Directory } from '@esa/org'
import { EsaError, type JsonObject } from '@esa/protocol'
import { ACTORS_QUEUE, queueOfKind } from './queues.ts'

/** What a composition root brings: machines, the one that serves each agent, activities, and the org. */
export interface Registrations {
  definitions: ActorDefinition<Directory>[]
  /** The type of the actor that an agent's mailbox is. */
  agentType(agentId: string): string
  activities: ActivityHandler[]
  /** Read again at every opening, so that an edited card touches new incidents only. */
  directory(): Directory
}

/** Knows which machine runs which actor. Machines that could not be stored or replayed are refused when it is built. */
export class Registry {
  readonly #byName = new Map<string, ActorDefinition<Directory>>()
  readonly #newest = new Map<string, ActorDefinition<Directory>>()
  readonly #activities: Map<string, ActivityHandler>
  readonly #registrations: Registrations

  /** @throws EsaError `actor.machine-refused` (bug). */
  constructor(registrations: Registrations) {
    this.#registrations = registrations
    for (const definition of registrations.definitions) {
      checkDefinition(definition)
      this.#byName.set(`${definition.type} ${definition.version}`, definition)
      const newest = this.#newest.get(definition.type)
      if (newest === undefined || newest.version < definition.version)
        this.#newest.set(definition.type, definition)
    }
    this.#activities = new Map(registrations.activities.map((handler) => [handler.activity, handler]))
  }

  /** The definition of this very version, or null: an older runtime may meet a newer actor. */
  find(type: string, version: number): ActorDefinition<Directory> | null {
    return this.#byName.get(`${type} ${version}`) ?? null
  }

  /** The definition that an existing actor runs on. @throws EsaError `actor.unknown-version` (transient): a newer worker may know it. */
  definitionOf({ type, version }: { type: string; version: number }): ActorDefinition<Directory> {
    const found = this.find(type, version)
    if (found !== null) return found
    throw new EsaError(
      'actor.unknown-version',
      'transient',
      `this runtime has no machine ${type} version ${version}`,
    )
  }

  /** The newest definition of a type. @throws EsaError `actor.unknown-type` (terminal). */
  newest(type: string): ActorDefinition<Directory> {
    const found = this.#newest.get(type)
    if (found !== undefined) return found
    throw new EsaError('actor.unknown-type', 'terminal', `this runtime has no machine of type ${type}`)
  }

  /** True for an agent of the organization as it is now. */
  knows(agentId: string): boolean {
    return this.#registrations.directory().get(agentId) !== undefined
  }

  /** The definition of an agent's mailbox. @throws EsaError `agent.unknown` (terminal). */
  agent(agentId: string): ActorDefinition<Directory> {
    if (!this.knows(agentId)) {
      throw new EsaError('agent.unknown', 'terminal', `there is no agent "${agentId}"`, {
        hint: 'list them with: esa agents ls',
      })
    }
    return this.newest(this.#registrations.agentType(agentId))
  }

  /** The input of a new actor's machine. */
  inputFor(definition: ActorDefinition<Directory>, opening: Opening): JsonObject {
    return definition.inputFrom(opening, this.#registrations.directory())
  }

  /** The queue on which an actor gets its messages: its tier's for an agent. */
  queueOf(actorId: string): string {
    const agent = this.#registrations.directory().get(actorId)
    return agent === undefined ? ACTORS_QUEUE : queueOfKind(agent.kind)
  }

  /** @throws EsaError `activity.unknown` (transient): a newer worker may know it. */
  activity(name: string): ActivityHandler {
    const handler = this.#activities.get(name)
    if (handler !== undefined) return handler
    throw new EsaError('activity.unknown', 'transient', `this runtime has no activity ${name}`)
  }
}
