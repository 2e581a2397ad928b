import type { NewMessage, Store } from '@esa/store'
import { describe, expect, it } from 'vitest'
import { scriptedWorld } from '../testing/scripted-world.ts'

/** A row to the scripted actor that holds the key: its opening, or an event for it. */
async function write(
  store: Store,
  id: string,
  type: string,
  body: NewMessage['body'],
  toKey: string | null = 'k',
): Promise<void> {
  const address = { queue: 'actors', toActor: null, toType: 'scripted', toKey }
  const message = {
    id,
    ...address,
    from: 'layer-1',
    type,
    body,
    correlationId: id,
    causationId: null,
    hops: 0,
  }
  await store.transact(async (tx) => {
    const { at } = await tx.env()
    await tx.write({ at, actors: [], messages: [message], activities: [], doneMessages: [], rung: true })
  })
}

describe('a message that opens an actor', () => {
  it.each([
    ['with a key', 'k'],
    ['without a key', null],
  ] as const)('opens one, however many deliver it at once: %s', async (_, key) => {
    const { host, store } = scriptedWorld()
    await write(store, 'opening', 'open', {}, key)
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => host.deliver('opening')))
    expect(outcomes.filter(({ outcome }) => outcome === 'delivered')).toHaveLength(1)
    const actors = await store.listActors({ type: 'scripted' })
    expect(actors).toHaveLength(1)
    const events = await store.readStream(actors[0]!.state.id)
    expect(events.map(({ type }) => type)).toEqual(['got.start'])
  })
})

describe('an event for the holder of a key', () => {
  it('waits for what opens the holder, reaches it once, and only while it lives', async () => {
    const { host, store, events } = scriptedWorld()
    await write(store, 'opening', 'open', {})
    await write(store, 'told', 'note', { after: 'opening', n: 1 })
    await expect(host.deliver('told')).rejects.toMatchObject({ code: 'runtime.too-early', kind: 'transient' })
    await host.deliver('opening')
    const [actor] = await store.listActors({ type: 'scripted' })
    const outcomes = await Promise.all([host.deliver('told'), host.deliver('told')])
    expect(outcomes).toContainEqual({ outcome: 'already' })
    expect(await events(actor!.state.id, 'got.note')).toMatchObject([{ inputId: 'told', data: { n: 1 } }])
  })

  it('is dropped when no actor holds the key, and starts none', async () => {
    const { host, store } = scriptedWorld()
    await write(store, 'told', 'note', { after: 'long gone', n: 1 })
    expect(await host.deliver('told')).toEqual({ outcome: 'delivered' })
    expect(await store.listActors({})).toEqual([])
    expect((await store.backlog()).messages).toBe(0)
  })
})
