import { incidentDefinition } from '@esa/escalation'
import { verifyStream } from '@esa/operations/views'
import { ActorHost, Registry } from '@esa/runtime'
import { createMemoryStore, type LockedActor, type StoredEvent } from '@esa/store'
import { beforeEach, describe, expect, it } from 'vitest'
import { projectOrg } from './project-org.ts'

let registry: Registry
let actor: LockedActor
let events: StoredEvent[]

beforeEach(async () => {
  const directory = projectOrg()
  registry = new Registry({
    definitions: [incidentDefinition({ timeScale: 1 })],
    agentType: () => 'agent',
    activities: [],
    directory: () => directory,
  })
  let at = Date.UTC(2026, 0, 1)
  const store = createMemoryStore({ clock: { now: () => (at += 1_000) }, random: () => 0.5 })
  const host = new ActorHost({ store, registry, random: () => 0.5, rings: false })
  const body = { agent: 'layer-1', category: 'integration', title: 'pool exhausted' }
  const { state } = await host.open({ type: 'incident', key: null, from: 'operator', body })
  await host.command(state.id, { type: 'acknowledge', as: 'layer-2' })
  await host.command(state.id, { type: 'resolve', as: 'layer-2', cause: 'restarted' })
  actor = (await store.readActor(state.id))!
  events = await store.readStream(state.id)
})

const changed = (seq: number, change: Partial<StoredEvent>): StoredEvent[] =>
  events.map((event) => (event.seq === seq ? { ...event, ...change } : event))

const last = (): StoredEvent => events.at(-1)!

describe('a stream', () => {
  it('as it was written is identical and unbroken', () => {
    expect(verifyStream(registry, actor, events)).toEqual({ replay: 'identical', chain: 'unbroken' })
  })

  it('that grew since its actor was read still is', () => {
    const more = { ...last(), seq: last().seq + 1, inputId: 'later' }
    expect(verifyStream(registry, actor, [...events, more]).replay).toBe('identical')
  })

  it('with a flipped fact parts at that event', () => {
    const found = verifyStream(registry, actor, changed(2, { data: { targets: ['chief-1'] } }))
    expect(found).toMatchObject({ replay: { seq: 2 }, chain: { seq: 2 } })
  })

  it('with a flipped time, actor or hash has a broken chain', () => {
    for (const change of [{ at: 1 }, { actor: 'chief-1' }, { hash: 'x' }])
      expect(verifyStream(registry, actor, changed(3, change)).chain).toMatchObject({ seq: 3 })
  })

  it.each([1, 2, 3])('without its event %i is found out', (seq) => {
    const found = verifyStream(
      registry,
      actor,
      events.filter((event) => event.seq !== seq),
    )
    expect(found.chain).toMatchObject({ seq })
    expect(found.replay).toMatchObject({ why: expect.any(String) as string })
  })

  it('without its tail is found out by its actor', () => {
    const found = verifyStream(registry, actor, events.slice(0, -1))
    expect(found.chain).toMatchObject({ seq: last().seq })
    expect(found.replay).not.toBe('identical')
  })

  it('that was cut together with its actor is found out by a kept head only', () => {
    const head = { seq: last().seq, hash: last().hash }
    const cut = events.slice(0, 2)
    const shorter = { ...actor, head: cut[1]!.hash, state: { ...actor.state, seq: 2 } }
    expect(verifyStream(registry, shorter, cut).chain).toBe('unbroken')
    expect(verifyStream(registry, shorter, cut, head).chain).toMatchObject({ seq: 3 })
  })

  it('whose actor was edited does not lead to it, and says in what', () => {
    const edited = { ...actor, state: { ...actor.state, status: 'triggered' } }
    expect(verifyStream(registry, edited, events)).toMatchObject({
      replay: { why: expect.stringContaining('stored status') as string },
      chain: 'unbroken',
    })
  })

  it('of a machine version that is not here is unchecked, never identical', () => {
    const older = { ...actor, state: { ...actor.state, version: 99 } }
    expect(verifyStream(registry, older, events)).toEqual({ replay: 'unchecked', chain: 'unbroken' })
  })
})
