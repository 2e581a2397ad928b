import { type ActorDefinition, replay } from '@esa/actor'
import {
  escalationDefinitions,
  INCIDENT_TYPE,
  incidentDefinition,
  incidentKey,
  incidentView,
} from '@esa/escalation'
import type { Directory } from '@esa/org'
import { ActorHost, Registry } from '@esa/runtime'
import { createMemoryStore, recordedSteps } from '@esa/store'
import { seededRandom } from '@esa/simulator'
import { describe, expect, it } from 'vitest'
import { projectOrg } from './project-org.ts'

const directory = projectOrg()
const MIN = 60_000
const V1 = incidentDefinition({ timeScale: 1, version: 1 })

/** One store, and a host for each release that works on it. */
function worldOf() {
  let at = 1_700_000_000_000
  const random = seededRandom(1)
  const store = createMemoryStore({ clock: { now: () => at }, random })
  const release = (definitions: ActorDefinition<Directory>[]) => {
    const registry = new Registry({
      definitions,
      agentType: () => 'empty-seat',
      activities: [],
      directory: () => directory,
    })
    return new ActorHost({ store, registry, random, rings: true })
  }
  const open = async (host: ActorHost, dedupKey: string) => {
    const body = { agent: 'layer-1', category: 'integration', title: 'a breach', dedupKey }
    const key = incidentKey('layer-1', dedupKey)
    return (await host.open({ type: INCIDENT_TYPE, key, from: 'operator', body })).state.id
  }
  return { store, release, open, turn: (ms: number) => void (at += ms), now: () => at }
}

describe('an incident that began on version 1', () => {
  it('goes on and ends on it after the upgrade, under the names of today, and is replayed by it', async () => {
    const { store, release, open, turn, now } = worldOf()
    const old = release([V1])
    const id = await open(old, 'old')
    await old.command(id, { type: 'acknowledge', as: 'layer-2', forMs: 10 * MIN })

    const upgraded = release(escalationDefinitions({ timeScale: 1 }))
    const view = async () => incidentView((await store.readActor(id))!.state, now())
    expect(await view()).toMatchObject({
      status: 'acknowledged',
      heldBy: 'layer-2',
      timerKind: 'ack-timeout',
    })
    turn(10 * MIN + 1)
    await upgraded.serveDue([id])
    expect(await view()).toMatchObject({ status: 'triggered', level: 'peer', heldBy: null })
    await upgraded.command(id, { type: 'suppress', as: 'operator', forMs: 5 * MIN })
    turn(5 * MIN + 1)
    await upgraded.serveDue([id])
    await upgraded.command(id, { type: 'escalate', as: 'operator' })
    expect(await view()).toMatchObject({ status: 'triggered', level: 'chief', addressees: ['chief-1'] })
    expect(await open(upgraded, 'old')).toBe(id)
    await upgraded.command(id, { type: 'resolve', as: 'chief-1', cause: 'done' })

    const { state } = (await store.readActor(id))!
    expect([state.version, state.live, state.status]).toEqual([1, false, 'resolved'])
    expect(replay(V1, recordedSteps(await store.readStream(id)))).toMatchObject({ identical: true, state })
    const newer = await open(upgraded, 'new')
    expect((await store.readActor(newer))!.state.version).toBe(2)
  })
})
