import { describe, expect, it } from 'vitest'
import { activityOf, advance, messageTo, opening, put, type StoreHarness } from './store-contract-rows.ts'

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

/** What the store promises about traces and scopes: a row gives back those that it was written with, and none where it was written without. */
export function traceContract(harness: () => StoreHarness): void {
  describe('a trace', () => {
    it('comes back with a message, an activity and an actor, and stays with an actor', async () => {
      const { store } = harness()
      await put(store, {
        actors: [{ ...opening('a', {}, 'k'), trace: TRACE }, opening('b')],
        messages: [{ ...messageTo('a', 'm1'), trace: TRACE }, messageTo('a', 'm2')],
        activities: [{ ...activityOf('a', 'a.1.0'), trace: TRACE }, activityOf('a', 'a.1.1')],
      })
      await advance(store, 'a', 'i1')
      const locked = await store.transact(async (tx) => [
        ...(await tx.lockActors(['a', 'b'])),
        await tx.lockKey('bell', 'k'),
      ])
      expect(locked.map((actor) => actor?.trace)).toEqual([TRACE, undefined, TRACE])
      expect((await store.readActor('a'))?.trace).toBe(TRACE)
      const messages = await store.transact((tx) => tx.messages(['m1', 'm2']))
      expect(new Map(messages.map(({ id, trace }) => [id, trace]))).toEqual(
        new Map([
          ['m1', TRACE],
          ['m2', undefined],
        ]),
      )
      expect((await store.listMessages({ ids: ['m1'], limit: 1 }))[0]?.trace).toBe(TRACE)
      expect((await store.claimActivity('a.1.0', 0))?.trace).toBe(TRACE)
      expect(await store.claimActivity('a.1.1', 0)).not.toHaveProperty('trace')
    })
  })

  describe('the scopes of a row', () => {
    it('come back with a message and an activity: none at all is less than no limit', async () => {
      const { store } = harness()
      await put(store, {
        actors: [opening('a')],
        messages: [
          { ...messageTo('a', 'm1'), scopes: ['incidents:write'] },
          { ...messageTo('a', 'm2'), scopes: [] },
          messageTo('a', 'm3'),
        ],
        activities: [{ ...activityOf('a', 'a.1.0'), scopes: ['db:plan'] }, activityOf('a', 'a.1.1')],
      })
      const rows = await store.transact((tx) => tx.messages(['m1', 'm2', 'm3']))
      const byId = rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))
      expect(byId.map(({ scopes }) => scopes)).toEqual([['incidents:write'], [], undefined])
      expect((await store.transact((tx) => tx.lockMessage('m1')))?.scopes).toEqual(['incidents:write'])
      expect((await store.claimActivity('a.1.0', 0))?.scopes).toEqual(['db:plan'])
      expect(await store.claimActivity('a.1.1', 0)).not.toHaveProperty('scopes')
    })
  })
}
