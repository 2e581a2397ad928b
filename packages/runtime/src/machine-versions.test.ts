import { type ActorDefinition, type Change, effects, replay, type StepFacts, toActions } from '@esa/actor'
import { buildDirectory, type Directory } from '@esa/org'
import { createMemoryStore, recordedSteps } from '@esa/store'
import { describe, expect, it } from 'vitest'
import { setup } from 'xstate'
import { ActorHost } from './actor-host.ts'
import { Registry } from './registry.ts'

const WAIT_MS = 1_000

type Context = Record<string, never>
type CaseEvent = { type: string } & StepFacts

/** A case that is open, and expires; the name of its state and what it records are those of its version. */
function versionOf(version: number, state: string): ActorDefinition<Directory> {
  const record = (type: string) => (): Change<Context> => ({ record: [{ type: `${type}.by-v${version}` }] })
  const machine = setup({
    types: { context: {}, events: {} as CaseEvent },
    actions: {
      ...effects,
      ...toActions({ opened: record('opened'), told: record('told'), expired: record('expired') }),
    },
    delays: { wait: WAIT_MS * version },
  }).createMachine({
    id: 'case',
    context: {},
    initial: 'new',
    states: {
      new: { on: { start: { target: state, actions: 'opened' } } },
      [state]: {
        on: { tell: { actions: 'told' } },
        after: { wait: { target: 'over', actions: 'expired' } },
      },
      over: { tags: 'closed' },
    },
  })
  return { type: 'case', version, machine, inputFrom: () => ({}) }
}

const [v1, v2] = [versionOf(1, 'open'), versionOf(2, 'waiting')]

/** One store, and a host for whatever versions a checkout has. */
function world() {
  let at = 1_700_000_000_000
  let drawn = 0
  const random = (): number => (drawn = (drawn * 16_807 + 7) % 2_147_483_647) / 2_147_483_647
  const store = createMemoryStore({ clock: { now: () => at }, random })
  const checkout = (...definitions: ActorDefinition<Directory>[]) => {
    const directory = buildDirectory([])
    const registry = new Registry({
      definitions,
      agentType: () => 'case',
      activities: [],
      directory: () => directory,
    })
    const host = new ActorHost({ store, registry, random, rings: true })
    const open = async (key: string): Promise<string> => {
      const { state } = await host.open({ type: 'case', key, from: 'operator', body: {} })
      return state.id
    }
    return { registry, host, open }
  }
  const types = async (id: string): Promise<string[]> => (await store.readStream(id)).map(({ type }) => type)
  return { store, checkout, types, turn: (ms: number) => void (at += ms) }
}

describe('a checkout with two versions of a machine', () => {
  it('keeps an old incident on its version to its end, and opens new ones on the newest', async () => {
    const { store, checkout, types, turn } = world()
    const older = await checkout(v1).open('one')
    const { host, open, registry } = checkout(v1, v2)
    const newer = await open('two')
    for (const id of [older, newer]) await host.command(id, { type: 'tell' })
    turn(WAIT_MS + 1)
    expect(await host.serveDue([older, newer])).toEqual({ served: 1, failed: [] })
    turn(WAIT_MS)
    await host.serveDue([older, newer])
    expect(await types(older)).toEqual(['opened.by-v1', 'told.by-v1', 'expired.by-v1'])
    expect(await types(newer)).toEqual(['opened.by-v2', 'told.by-v2', 'expired.by-v2'])
    for (const [id, version] of [
      [older, 1],
      [newer, 2],
    ] as const) {
      const { state } = (await store.readActor(id))!
      expect([state.version, state.live]).toEqual([version, false])
      const replayed = replay(registry.find('case', version)!, recordedSteps(await store.readStream(id)))
      expect(replayed.identical).toBe(true)
    }
  })

  it('whichever order they are named in', async () => {
    const { store, checkout } = world()
    const id = await checkout(v2, v1).open('one')
    expect((await store.readActor(id))!.state.version).toBe(2)
  })
})

describe('a checkout that lacks the version of an incident', () => {
  it('leaves its deadline and its messages to a worker that has it, and serves the others', async () => {
    const { store, checkout, types, turn } = world()
    const both = checkout(v1, v2)
    const newer = await both.open('one')
    const { host, open, registry } = checkout(v1)
    const older = await open('two')
    const sent = await host.post({ from: 'layer-1', to: newer, type: 'tell', body: {} })
    await expect(host.deliver(sent)).rejects.toMatchObject({
      code: 'actor.unknown-version',
      kind: 'transient',
    })
    expect(await store.backlog()).toMatchObject({ messages: 1, dead: 0 })
    turn(2 * WAIT_MS + 1)
    const { served, failed } = await host.serveDue([newer, older])
    expect([served, failed.map(({ id }) => id)]).toEqual([1, [newer]])
    expect(registry.find('case', 2)).toBeNull()
    expect(await both.host.deliver(sent)).toEqual({ outcome: 'delivered' })
    expect(await types(newer)).toEqual(['opened.by-v2', 'expired.by-v2'])
  })
})
