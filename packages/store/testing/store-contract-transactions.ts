import { EsaError } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { verifyChain } from '../src/hash-chain.ts'
import {
  activityOf,
  advance,
  commitOf,
  messageTo,
  nextStep,
  opening,
  put,
  refusal,
  signal,
  type StoreHarness,
} from './store-contract-rows.ts'
import type { LockedActor, Store, StoreTx } from '../src/store.ts'

/** Writers that meet on one actor in the case that lets them all go at once. */
const WRITERS = 8
/** Steps of each: more than one, so that some come when a lock has just changed hands. */
const ROUNDS = 3

/** What the store promises about transactions: all or nothing, locks, and what others see meanwhile. */
export function transactionContract(harness: () => StoreHarness): void {
  transactionCases(harness)
  failureCases(harness)
  lockCases(harness)
  lockOrderCases(harness)
  messageLockCases(harness)
  claimCases(harness)
  openingCases(harness)
}

function transactionCases(harness: () => StoreHarness): void {
  describe('a transaction', () => {
    it('answers with what its work answered, and leaves nothing when the work throws', async () => {
      const { store } = harness()
      await put(store, { actors: [opening('a', {}, 'k')] })
      expect(await store.transact(async () => 7)).toBe(7)
      const refused = new EsaError('test.refused', 'terminal', 'no')
      const work = async (tx: StoreTx) => {
        const [locked] = await tx.lockActors(['a'])
        const actors = [nextStep(locked!, 'i1', { live: false }), opening('b', {}, 'other')]
        await tx.write(commitOf({ actors, messages: [messageTo('a', 'm1')] }))
        throw refused
      }
      await expect(store.transact(work)).rejects.toBe(refused)
      expect((await store.readActor('a'))!.state).toMatchObject({ seq: 1, live: true })
      expect(await store.readActor('b')).toBeNull()
      expect(await store.readStream('a')).toHaveLength(1)
      expect(await store.backlog()).toMatchObject({ messages: 0 })
      await put(store, { actors: [opening('b', {}, 'other')] })
      await advance(store, 'a', 'i1')
    })

    it('hides its writes from others before it commits, and to itself at once', async () => {
      const { store, second } = harness()
      const other = await second()
      await put(store, { actors: [opening('a')] })
      await store.transact(async (tx) => {
        const [locked] = await tx.lockActors(['a'])
        await tx.write(commitOf({ actors: [nextStep(locked!, 'i1'), opening('b')] }))
        expect((await other.readActor('a'))!.state.seq).toBe(1)
        expect(await other.readStream('a')).toHaveLength(1)
        expect(await other.readActor('b')).toBeNull()
        expect(await other.transact((tx) => tx.lockActors(['b']))).toEqual([])
        const [again] = await tx.lockActors(['a'])
        expect(again!.state.seq).toBe(2)
        await tx.write(commitOf({ actors: [nextStep(again!, 'i2')] }))
      })
      expect((await other.readActor('a'))!.state.seq).toBe(3)
      expect(verifyChain(await other.readStream('a'))).toEqual({ ok: true })
    })
  })
}

function failureCases(harness: () => StoreHarness): void {
  describe('a transaction', () => {
    it.each(['store.conflict', 'store.input-applied', 'store.key-taken'])(
      'is lost when %s is swallowed',
      async (code) => {
        const { store } = harness()
        await put(store, { actors: [opening('a', {}, 'k')] })
        const stale = (await store.readActor('a'))!
        await advance(store, 'a', 'i1')
        const fresh = (await store.readActor('a'))!
        const bad = {
          'store.conflict': nextStep(stale, 'i2'),
          'store.input-applied': nextStep(fresh, 'i1'),
          'store.key-taken': opening('b', {}, 'k'),
        }[code]!
        const swallowing = store.transact(async (tx) => {
          await tx.write(commitOf({ messages: [messageTo('a', 'm1')] }))
          await expect(tx.write(commitOf({ actors: [bad] }))).rejects.toEqual(refusal(code))
        })
        await expect(swallowing).rejects.toEqual(refusal('store.aborted'))
        const further = store.transact(async (tx) => {
          await tx.write(commitOf({ actors: [bad] })).catch(() => {})
          await tx.env()
        })
        await expect(further).rejects.toEqual(refusal('store.aborted'))
        expect(await store.backlog()).toMatchObject({ messages: 0 })
        expect(await store.readStream('a')).toHaveLength(2)
      },
    )

    it('whose answer is lost has happened, and trying again finds that out', async () => {
      const { store, loseNextCommit } = harness()
      await put(store, { actors: [opening('a')], messages: [messageTo('a', 'm1')] })
      const consume = () =>
        store.transact(async (tx) => {
          const [locked] = await tx.lockActors(['a'])
          if ((await tx.messages(['m1']))[0]!.doneAt !== null) return 'consumed before'
          await tx.write(commitOf({ actors: [nextStep(locked!, 'm1')], doneMessages: ['m1'] }))
          return 'consumed'
        })
      loseNextCommit()
      await expect(consume()).rejects.toEqual(refusal('store.commit-unknown'))
      expect(await consume()).toBe('consumed before')
      await expect(advance(store, 'a', 'm1')).rejects.toEqual(refusal('store.input-applied'))
      expect(await store.readStream('a')).toHaveLength(2)
    })

    it('whose answer is lost has taken its key and ended its activity, once', async () => {
      const { store, loseNextCommit } = harness()
      await put(store, { actors: [opening('a')], activities: [activityOf('a', 't1')] })
      const { fence } = (await store.claimActivity('t1', 0))!
      const both = (id: string) =>
        store.transact(async (tx) => {
          const ended = await tx.endActivity('t1', fence, 'done')
          await tx.write(commitOf({ actors: [opening(id, {}, 'k')], messages: [messageTo('a', 'm1')] }))
          return ended
        })
      loseNextCommit()
      await expect(both('b')).rejects.toEqual(refusal('store.commit-unknown'))
      await expect(both('c')).rejects.toEqual(refusal('store.key-taken'))
      expect((await store.transact((tx) => tx.lockKey('bell', 'k')))!.state.id).toBe('b')
      expect(await store.transact((tx) => tx.endActivity('t1', fence, 'done'))).toBe(false)
      expect(await store.backlog()).toMatchObject({ messages: 1, activities: 0 })
    })
  })
}

function lockCases(harness: () => StoreHarness): void {
  describe('a lock', () => {
    it('makes writers of one actor take turns, each on what the one before left', async () => {
      const { store, second } = harness()
      await put(store, { actors: [opening('a')] })
      const [asking, held] = [signal(), signal()]
      const first = store.transact(async (tx) => {
        const [locked] = await tx.lockActors(['a'])
        held.reach()
        await asking.reached
        for (let i = 0; i < 5; i++) await tx.env()
        await tx.write(commitOf({ actors: [nextStep(locked!, 'i1')] }))
        return (await tx.env()).at
      })
      await held.reached
      const later = (await second()).transact(async (tx) => {
        asking.reach()
        const [locked] = await tx.lockActors(['a'])
        await tx.write(commitOf({ actors: [nextStep(locked!, 'i2')] }))
        return { seen: locked!.state.seq, at: (await tx.env()).at }
      })
      const firstAt = await first
      const { seen, at } = await later
      expect(seen).toBe(2)
      expect(at).toBeGreaterThanOrEqual(firstAt)
      expect((await store.readActor('a'))!.state.seq).toBe(3)
    })

    it('lets no write get lost when many meet', async () => {
      const { store, second } = harness()
      await put(store, { actors: [opening('a')] })
      const stores = [store, await second()]
      const writer = async (index: number): Promise<void> => {
        for (let round = 0; round < ROUNDS; round++)
          await advance(stores[index % 2]!, 'a', `i${index}-${round}`)
      }
      await Promise.all(Array.from({ length: WRITERS }, (_, index) => writer(index)))
      const [actor, events] = [(await store.readActor('a'))!, await store.readStream('a')]
      expect(actor.state.seq).toBe(WRITERS * ROUNDS + 1)
      expect(verifyChain(events, { seq: WRITERS * ROUNDS + 1, hash: actor.head })).toEqual({ ok: true })
    })
  })
}

function lockOrderCases(harness: () => StoreHarness): void {
  describe('a lock', () => {
    it('is taken in the order of ids, in any order of requests', async () => {
      const { store, second } = harness()
      const other = await second()
      await put(store, { actors: [opening('a'), opening('b')] })
      const asking = [signal(), signal()]
      const lockBoth = (from: Store, ids: string[], index: number) =>
        from.transact(async (tx) => {
          asking[index]!.reach()
          return (await tx.lockActors(ids)).map(({ state }) => state.id)
        })
      const waiting = await store.transact(async (tx) => {
        await tx.lockActors(['a'])
        const both = [lockBoth(other, ['a', 'b'], 0), lockBoth(other, ['b', 'a', 'x'], 1)]
        await Promise.all(asking.map(({ reached }) => reached))
        for (let i = 0; i < 5; i++) await tx.env()
        return { both }
      })
      expect(await Promise.all(waiting.both)).toEqual([
        ['a', 'b'],
        ['a', 'b'],
      ])
    })

    it('that closes a circle of waits fails one of the waiting', async () => {
      const { store, second } = harness()
      await put(store, { actors: [opening('a'), opening('b')] })
      const held = [signal(), signal()]
      const cross = (from: Store, index: number) =>
        from.transact(async (tx) => {
          await tx.lockActors([['a', 'b'][index]!])
          held[index]!.reach()
          await held[1 - index]!.reached
          await tx.lockActors([['b', 'a'][index]!])
        })
      const outcomes = await Promise.allSettled([cross(store, 0), cross(await second(), 1)])
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      const failed = outcomes.find((outcome) => outcome.status === 'rejected')
      expect(failed!.reason).toEqual(refusal('database.serialization'))
    })
  })
}

function messageLockCases(harness: () => StoreHarness): void {
  describe('a lock', () => {
    it('on a message is held by one at a time, and the next one reads what became of it', async () => {
      const { store, second } = harness()
      await put(store, { messages: [messageTo('a', 'm1')] })
      const other = await second()
      const next = await store.transact(async (tx) => {
        expect((await tx.lockMessage('m1'))!.doneAt).toBeNull()
        const waiting = other.transact((tx) => tx.lockMessage('m1'))
        const meanwhile = async (): Promise<string> => {
          for (let asked = 0; asked < 20; asked++) await tx.env()
          return 'waits'
        }
        expect(await Promise.race([waiting, meanwhile()])).toBe('waits')
        await tx.write(commitOf({ at: 2_000, doneMessages: ['m1'] }))
        return { waiting }
      })
      expect((await next.waiting)!.doneAt).toBe(2_000)
      expect(await store.transact((tx) => tx.lockMessage('m-unknown'))).toBeNull()
    })
  })
}

function claimCases(harness: () => StoreHarness): void {
  describe('a lock', () => {
    it('on the recipients of messages leaves out who is locked, what is over, and who was not started', async () => {
      const { store, second } = harness()
      const messages = ['a', 'a', 'b', 'c', 'new'].map((to, index) => messageTo(to, `m${index}`))
      await put(store, { actors: [opening('c'), opening('b'), opening('a')], messages })
      await put(store, { doneMessages: ['m2'] })
      const ids = [...messages.map(({ id }) => id), 'm-unknown']
      const other = await second()
      const recipients = (tx: StoreTx) => tx.lockRecipients(ids)
      const named = (locked: LockedActor[]) => locked.map(({ state }) => state.id)
      await store.transact(async (tx) => {
        await tx.lockActors(['c'])
        expect(named(await other.transact(recipients))).toEqual(['a'])
      })
      await store.transact(async (tx) => {
        expect(named(await recipients(tx))).toEqual(['a', 'c'])
        expect(
          await other.transact((tx) => tx.lockActors(['a', 'b', 'c'], { skipLocked: true })),
        ).toHaveLength(1)
      })
    })

    it('is passed over with skipLocked, so that two claimers share the work', async () => {
      const { store, second } = harness()
      const ids = ['a', 'b', 'c', 'd', 'e', 'f']
      await put(store, { actors: ids.map((id) => opening(id)) })
      // A step that hangs is rolled back: each keeps asking until the others have what they want.
      const over = new Set<'one' | 'two' | 'both'>()
      const claim = (from: Store, name: 'one' | 'two') =>
        from.transact(async (tx) => {
          const mine = await tx.lockActors(ids, { skipLocked: true }).finally(() => over.add(name))
          while (!over.has('one') || !over.has('two')) await tx.env()
          return mine.map(({ state }) => state.id)
        })
      const other = await second()
      await store.transact(async (tx) => {
        await tx.lockActors(['c'])
        const claims = Promise.all([claim(store, 'one'), claim(other, 'two')]).finally(() => over.add('both'))
        while (!over.has('both')) await tx.env()
        expect((await claims).flat().sort()).toEqual(['a', 'b', 'd', 'e', 'f'])
      })
    })

    it('on a key whose holder closes meanwhile leads nowhere', async () => {
      const { store, second } = harness()
      const other = await second()
      await put(store, { actors: [opening('a', {}, 'k')] })
      const asking = signal()
      const { late } = await store.transact(async (tx) => {
        const locked = await tx.lockKey('bell', 'k')
        const late = other.transact((tx) => {
          asking.reach()
          return tx.lockKey('bell', 'k')
        })
        await asking.reached
        for (let i = 0; i < 5; i++) await tx.env()
        await tx.write(commitOf({ actors: [nextStep(locked!, 'i1', { live: false })] }))
        return { late }
      })
      expect(await late).toBeNull()
    })
  })
}

function openingCases(harness: () => StoreHarness): void {
  describe('two openings of one key', () => {
    it('wait when its holder is just closing', async () => {
      const { store, second } = harness()
      const other = await second()
      await put(store, { actors: [opening('a', {}, 'k')] })
      const asking = signal()
      const { late } = await store.transact(async (tx) => {
        const [locked] = await tx.lockActors(['a'])
        await tx.write(commitOf({ actors: [nextStep(locked!, 'i1', { live: false })] }))
        const late = other.transact((tx) => {
          asking.reach()
          return tx.write(commitOf({ actors: [opening('b', {}, 'k')] }))
        })
        await asking.reached
        for (let i = 0; i < 5; i++) await tx.env()
        return { late }
      })
      await late
      expect((await store.transact((tx) => tx.lockKey('bell', 'k')))!.state.id).toBe('b')
    })

    it.each(['commits', 'aborts'])('wait for each other: the second knows when the first %s', async (end) => {
      const { store, second } = harness()
      const other = await second()
      const asking = signal()
      const order: string[] = []
      const { late, first } = await new Promise<{ late: Promise<void>; first: Promise<void> }>((resolve) => {
        const first = store.transact(async (tx) => {
          await tx.write(commitOf({ actors: [opening('a', {}, 'k')] }))
          const late = other
            .transact((tx) => {
              asking.reach()
              return tx.write(commitOf({ actors: [opening('b', {}, 'k')] }))
            })
            .finally(() => order.push('second knows'))
          resolve({ late, first })
          await asking.reached
          for (let i = 0; i < 5; i++) await tx.env()
          order.push('first ends')
          if (end === 'aborts') throw new EsaError('test.refused', 'terminal', 'no')
        })
      })
      const [one, two] = await Promise.allSettled([first, late])
      expect(order).toEqual(['first ends', 'second knows'])
      const won = { status: 'fulfilled' }
      expect(one).toMatchObject(end === 'aborts' ? { reason: { code: 'test.refused' } } : won)
      expect(two).toMatchObject(end === 'aborts' ? won : { reason: refusal('store.key-taken') })
      const holder = await store.transact((tx) => tx.lockKey('bell', 'k'))
      expect(holder!.state.id).toBe(end === 'aborts' ? 'b' : 'a')
    })

    it('have exactly one winner', async () => {
      const { store, second } = harness()
      const stores = [store, await second()]
      const opens = Array.from({ length: 6 }, (_, index) =>
        put(stores[index % 2]!, { actors: [opening(`a${index}`, {}, 'k')] }),
      )
      const outcomes = await Promise.allSettled(opens)
      const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
      expect(reasons).toEqual(Array.from({ length: 5 }, () => refusal('store.key-taken')))
      expect(await store.listActors({})).toHaveLength(1)
    })
  })
}
