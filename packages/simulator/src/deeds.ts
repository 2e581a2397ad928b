import type { ActorState } from '@esa/actor'
import { INCIDENT_TYPE, incidentContext, incidentKey, rungOf } from '@esa/escalation'
import { CEO_ID, type JsonObject, textOf } from '@esa/protocol'
import type { ActorHost } from '@esa/runtime'
import type { MemoryGlance } from '@esa/store'
import type { Agenda } from './agenda.ts'
import type { Asked, Moment, MomentOf, When } from './plan.ts'
import type { Weather } from './weather.ts'
import { WORLD_BEGINS_AT } from './world-clock.ts'

/** A failed opening is tried again after this long, ms, this often: an outage is longer than a wait. */
const OPEN_AGAIN_MS = 60_000
const OPEN_TRIES = 5

/** What deeds are done with. */
export interface DeedsPorts {
  agenda: Agenda
  host: ActorHost
  glance: MemoryGlance
  weather: Weather
  onError(error: unknown): void
}

type Timed = MomentOf<'command'> | MomentOf<'ring'>

/**
 * What people and agents do at their moments: they open incidents and command them, aimed at a deadline where the plan
 * says so. An incident is known by its number in the plan; a duplicate shares the incident that it was counted by.
 */
export class Deeds {
  readonly #ports: DeedsPorts
  readonly #timed = new Map<number, Timed[]>()
  readonly #numbers = new Map<string, number[]>()
  readonly #epochs = new Map<string, number>()
  #over = false

  constructor(ports: DeedsPorts) {
    this.#ports = ports
  }

  /** Learns the whole plan; faults of the runtime are injected elsewhere. */
  plan(moments: Moment[]): void {
    const { agenda } = this.#ports
    for (const moment of moments) {
      if (moment.do === 'open')
        agenda.at(moment.atMs, `open ${moment.incident}`, () => void this.#open(moment, OPEN_TRIES))
      else if (moment.do === 'stop')
        agenda.at(moment.atMs, `stop ${moment.agent}`, () => void this.#stop(moment.agent))
      else if (moment.do === 'command' || moment.do === 'ring') {
        const known = this.#timed.get(moment.incident)
        if (known === undefined) this.#timed.set(moment.incident, [moment])
        else known.push(moment)
      }
    }
  }

  /** No one acts from now on. */
  end(): void {
    this.#over = true
  }

  /** A commit left this state: a deadline may have been armed at which something is planned. */
  hear(state: ActorState): void {
    if (state.type !== INCIDENT_TYPE || state.timer === null) return
    const before = this.#epochs.get(state.id) ?? 0
    if (state.epoch <= before) return
    this.#epochs.set(state.id, state.epoch)
    for (const number of this.#numbers.get(state.id) ?? []) this.#aim(state, number, before)
  }

  async #open(moment: MomentOf<'open'>, tries: number): Promise<void> {
    if (this.#over) return
    const { agenda, host, onError, glance } = this.#ports
    const { agent, category, key, incident } = moment
    const body: JsonObject = {
      agent,
      category,
      title: `number ${incident}`,
      ...(key === undefined ? {} : { dedupKey: key }),
    }
    try {
      const { state } = await host.open({
        type: INCIDENT_TYPE,
        key: incidentKey(agent, key),
        from: agent,
        body,
      })
      const numbers = this.#numbers.get(state.id)
      if (numbers === undefined) this.#numbers.set(state.id, [incident])
      else numbers.push(incident)
      this.#aim(glance.actor(state.id)?.state ?? state, incident, 0)
      for (const [index, timed] of (this.#timed.get(incident) ?? []).entries()) {
        if ('atMs' in timed.when)
          agenda.at(timed.when.atMs, `deed ${incident} ${index}`, () => this.#act(timed, state.id))
      }
    } catch (error) {
      onError(error)
      if (tries > 1) agenda.in(OPEN_AGAIN_MS, `open ${incident}`, () => void this.#open(moment, tries - 1))
    }
  }

  /** Puts on the agenda what is planned around the current deadline. */
  #aim(state: ActorState, number: number, afterEpoch: number): void {
    const { timer, epoch, at, id } = state
    if (timer === null) return
    for (const [index, timed] of (this.#timed.get(number) ?? []).entries()) {
      const { when } = timed
      if (!('epoch' in when) || when.epoch > epoch || when.epoch <= afterEpoch) continue
      // A duplicate that joins late finds the epochs before it gone.
      if (when.epoch < epoch && afterEpoch === 0) continue
      this.#ports.agenda.at(instantOf(when, timer.dueAt, at), `deed ${number} ${index}`, () =>
        this.#act(timed, id),
      )
    }
  }

  #act(timed: Timed, id: string): void {
    if (this.#over) return
    if (timed.do === 'ring') void this.#ring(id)
    else void this.#command(timed, id)
  }

  async #ring(id: string): Promise<void> {
    this.#ports.weather.note('timer-rung')
    await this.#ports.host.serveDue([id]).catch(this.#ports.onError)
  }

  async #command({ asked, by }: MomentOf<'command'>, id: string): Promise<void> {
    const { host, glance, onError } = this.#ports
    const state = glance.actor(id)?.state
    if (state === undefined) return
    const command = commandOf(asked, state)
    try {
      if (by === 'cli') await host.command(id, command)
      else {
        const { type, as, ...body } = command
        await host.post({ from: textOf(as), to: id, type, body: { ...body, as } })
      }
    } catch (error) {
      onError(error)
    }
  }

  async #stop(agent: string): Promise<void> {
    if (this.#over) return
    const { host, glance, onError, weather } = this.#ports
    try {
      await host.command(agent, { type: 'stop', as: 'operator', by: 'somebody' })
      weather.note('agent-stopped')
      const incidents = [...glance.actors()].filter(({ state }) => isTold(state, agent))
      for (const { state } of incidents) {
        await host.command(state.id, { type: 'agent.stopped', agent })
      }
    } catch (error) {
      onError(error)
    }
  }
}

function isTold(state: ActorState, agent: string): boolean {
  return state.type === INCIDENT_TYPE && state.live && incidentContext(state).addressees.includes(agent)
}

function instantOf(when: Exclude<When, { atMs: number }>, dueAt: number, armedAt: number): number {
  return 'plusMs' in when ? dueAt - WORLD_BEGINS_AT + when.plusMs : armedAt - WORLD_BEGINS_AT + when.afterMs
}

function commandOf(asked: Asked, state: ActorState): JsonObject & { type: string } {
  const { type, forMs, to, epochPlus } = asked
  const reason = type === 'decline' ? { reason: 'no time' } : {}
  const cause = type === 'resolve' ? { cause: 'done' } : {}
  return {
    type,
    as: whoIs(asked.as, state),
    ...reason,
    ...cause,
    ...(forMs === undefined ? {} : { forMs }),
    ...(to === undefined ? {} : { to }),
    ...(epochPlus === undefined ? {} : { epoch: Math.max(0, state.epoch + epochPlus) }),
  }
}

function whoIs(as: string, state: ActorState): string {
  const context = incidentContext(state)
  if (as === 'addressee') return context.addressees[0] ?? rungOf(context).agents[0] ?? CEO_ID
  if (as === 'opener') return context.policy.agent
  return as === 'ceo' ? CEO_ID : as
}
