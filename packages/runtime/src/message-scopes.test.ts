import type { Scopes } from '@esa/protocol'
import type { Store } from '@esa/store'
import { describe, expect, it } from 'vitest'
import { scriptedWorld } from '../testing/scripted-world.ts'

const PLAN = { activity: 'plan', input: {} }

async function scopesTo(store: Store, agent: string): Promise<unknown[]> {
  const rows = await store.listMessages({ agent, limit: 10 })
  return rows.filter(({ toActor }) => toActor === agent).map(({ scopes }) => scopes ?? null)
}

async function deliver(world: ReturnType<typeof scriptedWorld>, agent: string): Promise<void> {
  const rows = await world.store.listMessages({ agent, limit: 10 })
  for (const { id } of rows.filter(({ toActor }) => toActor === agent)) await world.host.deliver(id)
}

const post = (
  { host }: ReturnType<typeof scriptedWorld>,
  body: { pass?: string; perform?: typeof PLAN; scopes?: string[] },
  scopes: Scopes,
) => host.postAll(() => ({ messages: [{ from: 'operator', to: 'layer-1', type: 'ask', body }], scopes }))

describe('what a message causes', () => {
  it('acts with the scopes of the caller who sent it, through every agent on the way', async () => {
    const world = scriptedWorld()
    await post(world, { pass: 'layer-2' }, ['incidents:write'])
    await deliver(world, 'layer-1')
    await deliver(world, 'layer-2')
    await deliver(world, 'layer-1')
    expect(await scopesTo(world.store, 'layer-2')).toEqual([['incidents:write'], ['incidents:write']])
  })

  it('shows its scopes to its recipient, whatever its sender writes into the body', async () => {
    const world = scriptedWorld()
    await post(world, { scopes: ['admin'] }, ['incidents:write'])
    await post(world, { scopes: ['admin'] }, null)
    await deliver(world, 'layer-1')
    const inputs = (await world.events('layer-1', 'got.ask')).map(({ input }) => input)
    expect(inputs.map((input) => (input?.kind === 'event' ? input.event['scopes'] : input))).toEqual([
      ['incidents:write'],
      null,
    ])
  })

  it('is limited also as an activity, and so is what the activity answers', async () => {
    const world = scriptedWorld()
    await post(world, { perform: PLAN }, ['db:plan'])
    await deliver(world, 'layer-1')
    const [event] = await world.events('layer-1', 'got.ask')
    const claimed = await world.store.claimActivity(`layer-1.${event!.seq}.0`, 0)
    expect(claimed?.scopes).toEqual(['db:plan'])
    await world.host.endActivity(claimed!, 'done', [
      { from: 'layer-1', to: 'layer-3', type: 'result', body: {} },
    ])
    expect(await scopesTo(world.store, 'layer-3')).toEqual([['db:plan']])
  })

  it('is limited by a command, but not where the clock causes it', async () => {
    const world = scriptedWorld()
    const { host, store, clock } = world
    await host.command('layer-1', { type: 'arm', waitMs: 10, performWhenFired: PLAN })
    clock.turn(20)
    // The deadline is settled by this very command, which may do less.
    await host.command(
      'layer-1',
      { type: 'ask', pass: 'layer-2', perform: PLAN },
      { scopes: ['incidents:ack'] },
    )
    const [fired] = await world.events('layer-1', 'fired')
    const [asked] = await world.events('layer-1', 'got.ask')
    const claims = [fired!.seq, asked!.seq].map(
      async (seq, at) => (await store.claimActivity(`layer-1.${seq}.${at}`, 0))?.scopes ?? null,
    )
    expect(await Promise.all(claims)).toEqual([null, ['incidents:ack']])
    expect(await scopesTo(store, 'layer-2')).toEqual([['incidents:ack']])
  })
})
