import { describe, expect, it } from 'vitest'
import { advance, commitOf, opening, put, signal, type StoreHarness } from './store-contract-rows.ts'

/** What the store promises to a reader of all streams at once. */
export function feedContract(harness: () => StoreHarness): void {
  describe('the feed', () => {
    it('has every event once, in an order that keeps that of each stream, from any position on', async () => {
      const { store } = harness()
      const before = await store.feedTail()
      await put(store, { actors: [opening('a'), opening('b')] })
      await advance(store, 'a', 'i1', {})
      const all = await store.feed(before, 100)
      const [log, other] = [await store.readStream('a'), await store.readStream('b')]
      expect(all.filter(({ stream }) => stream === 'a').map(({ seq }) => seq)).toEqual(
        log.map(({ seq }) => seq),
      )
      expect(all).toHaveLength(log.length + other.length)
      expect(all.map(({ pos }) => pos)).toEqual(all.map(({ pos }) => pos).toSorted((a, b) => a - b))
      const [first] = all
      const { stream, seq, at, type, epoch, data } = log[0]!
      expect(first).toStrictEqual({ stream, seq, at, type, epoch, data, pos: first!.pos })
      expect(await store.feed(first!.pos, 1)).toEqual([all[1]])
      expect(await store.feedTail()).toBe(all.at(-1)!.pos)
      expect(await store.feed(await store.feedTail(), 10)).toEqual([])
    })

    it('knows from which positions one can go on', async () => {
      const { store, second } = harness()
      await put(store, { actors: [opening('a')] })
      const tail = await store.feedTail()
      const other = await second()
      expect(
        await Promise.all([0, tail, tail + 1, tail + 1_000_000].map((pos) => other.feedHolds(pos))),
      ).toEqual([true, true, false, false])
    })

    it('misses no event whose commit comes after that of a later one', async () => {
      const { store } = harness()
      const before = await store.feedTail()
      const [written, may] = [signal(), signal()]
      const slow = store.transact(async (tx) => {
        await tx.write(commitOf({ actors: [opening('slow')] }))
        written.reach()
        await may.reached
      })
      await written.reached
      await put(store, { actors: [opening('quick')] })
      const seen = await store.feed(before, 10)
      may.reach()
      await slow
      const rest = await store.feed(seen.at(-1)?.pos ?? before, 10)
      expect([...seen, ...rest].map(({ stream }) => stream).toSorted()).toEqual(['quick', 'slow'])
    })

    it('goes on past a position whose step failed', async () => {
      const { store } = harness()
      const before = await store.feedTail()
      const failing = store.transact(async (tx) => {
        await tx.write(commitOf({ actors: [opening('never')] }))
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      await put(store, { actors: [opening('kept')] })
      expect((await store.feed(before, 10)).map(({ stream }) => stream)).toEqual(['kept'])
    })
  })
}
