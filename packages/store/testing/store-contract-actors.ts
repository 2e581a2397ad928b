import { describe, expect, it } from 'vitest'
import { recordedSteps, verifyChain } from '../src/hash-chain.ts'
import {
  advance,
  AT,
  CONTEXT,
  commitOf,
  nextStep,
  opening,
  put,
  refusal,
  type StoreHarness,
  timerAt,
} from './store-contract-rows.ts'
import type { StoreTx } from '../src/store.ts'

/** What the store promises about actors at rest: their rows, their logs, their keys and their deadlines. */
export function actorContract(harness: () => StoreHarness): void {
  actorCases(harness)
  listCases(harness)
  logCases(harness)
  keyCases(harness)
  deadlineCases(harness)
  knowledgeCases(harness)
}

function actorCases(harness: () => StoreHarness): void {
  describe('an actor', () => {
    it('comes back as it was written', async () => {
      const { store } = harness()
      const write = opening('a', { timer: timerAt(7_000_000_000_000) }, 'k')
      await put(store, { actors: [write] })
      const read = await store.readActor('a')
      expect(read).toStrictEqual({
        state: write.state,
        key: 'k',
        head: expect.stringMatching(/^[0-9a-f]{64}$/),
      })
      expect(await store.transact((tx) => tx.lockActors(['a']))).toStrictEqual([read])
      expect(await store.readActor('b')).toBeNull()
    })

    it('is not changed by who holds what was written or read', async () => {
      const { store } = harness()
      const write = opening('a', {
        snapshot: { value: 'waiting', context: { list: [1], gone: undefined, zero: -0 } },
      })
      await put(store, { actors: [write] })
      Object.assign(write.state.snapshot.context, { list: [9] })
      Object.assign(write.steps[0]!.events[0]!.data, { by: 'nobody' })
      const read = await store.readActor('a')
      Object.assign(read!.state.snapshot.context, { list: [8] })
      const [event] = await store.readStream('a')
      Object.assign(event!.data, { by: 'nobody' })
      expect((await store.readActor('a'))!.state.snapshot.context).toStrictEqual({ list: [1], zero: 0 })
      expect((await store.readStream('a'))[0]!.data).toStrictEqual({ by: 'agent-0' })
    })

    it('is among the live ones of its type as long as it lives, as committed', async () => {
      const { store } = harness()
      await put(store, { actors: [opening('b'), opening('a'), opening('c', { type: 'other' })] })
      const live = (tx: StoreTx) => tx.liveActors('bell').then((all) => all.map(({ id }) => id))
      expect(await store.transact(live)).toEqual(['a', 'b'])
      await advance(store, 'a', 'i1', { live: false })
      expect(await store.transact(live)).toEqual(['b'])
      const [b] = await store.transact((tx) => tx.liveActors('bell'))
      expect(b).toStrictEqual((await store.readActor('b'))!.state)
      expect(await store.transact((tx) => tx.liveActors('none'))).toEqual([])
    })

    it('is refused under an id that exists, and when it moved on since it was read', async () => {
      const { store } = harness()
      await put(store, { actors: [opening('a')] })
      const stale = (await store.readActor('a'))!
      await advance(store, 'a', 'i1')
      await expect(put(store, { actors: [opening('a')] })).rejects.toEqual(refusal('store.conflict'))
      await expect(put(store, { actors: [nextStep(stale, 'i2')] })).rejects.toEqual(refusal('store.conflict'))
      expect((await store.readActor('a'))!.state.seq).toBe(2)
      expect(await store.readStream('a')).toHaveLength(2)
    })
  })
}

function listCases(harness: () => StoreHarness): void {
  describe('an actor', () => {
    it('is listed by type, life, id and the agent that it works for', async () => {
      const { store } = harness()
      const closed = opening('c', { live: false, status: 'stopped' })
      const owned = { ...opening('b'), owner: 'layer-1' }
      await put(store, { actors: [owned, closed, opening('a', { type: 'agent' })] })
      const [actor] = await store.listActors({ ids: ['b'] })
      await put(store, { actors: [nextStep(actor!, 'm1')] })
      const ids = async (filter: Parameters<typeof store.listActors>[0]) =>
        (await store.listActors(filter)).map(({ state }) => state.id)
      expect(await ids({})).toEqual(['a', 'b', 'c'])
      expect(await ids({ type: 'bell' })).toEqual(['b', 'c'])
      expect(await ids({ type: 'bell', live: true })).toEqual(['b'])
      expect(await ids({ live: false })).toEqual(['c'])
      expect(await ids({ ids: ['c', 'a', 'x', 'a'], live: true })).toEqual(['a'])
      expect(await ids({ ids: [] })).toEqual([])
      expect(await ids({ owner: 'layer-1' })).toEqual(['b'])
      expect(await ids({ owner: 'layer-1', live: false })).toEqual([])
      expect(await ids({ owner: 'layer-2' })).toEqual([])
    })
  })
}

function logCases(harness: () => StoreHarness): void {
  describe('a log', () => {
    it('keeps every event in order, with what is absent absent', async () => {
      const { store } = harness()
      const write = opening('a')
      write.steps[0]!.events.push({
        seq: 2,
        at: AT,
        type: 'bell.rang',
        epoch: 1,
        level: 'peers',
        actor: 'x',
        lateMs: 0,
        data: CONTEXT,
      })
      write.state.seq = 2
      await put(store, { actors: [write] })
      const events = await store.readStream('a')
      expect(events.map(({ hash: _, ...event }) => event)).toStrictEqual([
        {
          stream: 'a',
          inputId: 'start:a',
          ...write.steps[0]!.events[0],
          input: write.steps[0]!.input,
          env: write.steps[0]!.env,
        },
        { stream: 'a', inputId: null, ...write.steps[0]!.events[1], input: null, env: null },
      ])
      expect(await store.readStream('a', 1)).toStrictEqual(events.slice(1))
      expect(await store.readStream('b')).toEqual([])
    })

    it('is a chain up to the head of its actor, and gives its steps back', async () => {
      const { store } = harness()
      const first = opening('a')
      await put(store, { actors: [first] })
      const two = nextStep((await store.readActor('a'))!, 'i1')
      const three = nextStep({ ...two.locked!, state: two.state }, 'i2')
      await put(store, { actors: [{ ...two, state: three.state, steps: [...two.steps, ...three.steps] }] })
      const [actor, events] = [(await store.readActor('a'))!, await store.readStream('a')]
      expect(verifyChain(events, { seq: 3, hash: actor.head })).toEqual({ ok: true })
      expect(recordedSteps(events)).toEqual([...first.steps, ...two.steps, ...three.steps])
    })

    it('takes an input once an actor', async () => {
      const { store } = harness()
      await put(store, { actors: [opening('a'), opening('b')] })
      await advance(store, 'a', 'i1')
      await expect(advance(store, 'a', 'i1')).rejects.toEqual(refusal('store.input-applied'))
      await advance(store, 'b', 'i1')
      expect(await store.readStream('a')).toHaveLength(2)
      expect(await store.readStream('b')).toHaveLength(2)
    })

    it('tells how late timers were served since an instant', async () => {
      const { store } = harness()
      const late = (id: string, at: number, lateMs?: number) => {
        const write = opening(id)
        Object.assign(write.steps[0]!.events[0]!, { at, ...(lateMs === undefined ? {} : { lateMs }) })
        return write
      }
      await put(store, { actors: [late('a', 99, 1), late('b', 100, 2), late('c', 101, 3), late('d', 102)] })
      expect(new Set(await store.lateness(100))).toEqual(new Set([2, 3]))
      expect(await store.lateness(102)).toEqual([])
    })
  })
}

function keyCases(harness: () => StoreHarness): void {
  describe('a key', () => {
    it('belongs to one live actor of a type, and is free when that one closes', async () => {
      const { store } = harness()
      await put(store, { actors: [opening('a', {}, 'k'), opening('b', { type: 'other' }, 'k')] })
      await put(store, { actors: [opening('c', {}, 'other'), opening('d'), opening('e')] })
      await expect(put(store, { actors: [opening('f', {}, 'k')] })).rejects.toEqual(
        refusal('store.key-taken'),
      )
      expect(await store.readActor('f')).toBeNull()
      await advance(store, 'a', 'i1', { live: false })
      await put(store, { actors: [opening('f', {}, 'k')] })
      expect((await store.transact((tx) => tx.lockKey('bell', 'k')))!.state.id).toBe('f')
    })

    it('is not taken by an actor that starts closed', async () => {
      const { store } = harness()
      await put(store, { actors: [opening('a', { live: false }, 'k')] })
      expect(await store.transact((tx) => tx.lockKey('bell', 'k'))).toBeNull()
      await put(store, { actors: [opening('b', {}, 'k')] })
    })

    it('leads to its live holder', async () => {
      const { store } = harness()
      await put(store, { actors: [opening('a', {}, 'k')] })
      const read = await store.readActor('a')
      expect(await store.transact((tx) => tx.lockKey('bell', 'k'))).toStrictEqual(read)
      expect(await store.transact((tx) => tx.lockKey('bell', 'x'))).toBeNull()
      expect(await store.transact((tx) => tx.lockKey('other', 'k'))).toBeNull()
    })
  })
}

function deadlineCases(harness: () => StoreHarness): void {
  describe('a deadline', () => {
    it('is due once it lies behind the clock, the longest overdue first', async () => {
      const { store } = harness()
      const { nowMs } = await store.runtime()
      await put(store, {
        actors: [
          opening('a', { timer: timerAt(nowMs - 5) }),
          opening('b', { timer: timerAt(nowMs - 5_000) }),
          opening('c', { timer: timerAt(nowMs + 3_600_000) }),
          opening('d', { timer: timerAt(nowMs + 7_200_000) }),
          opening('e'),
        ],
      })
      await harness().pass(6)
      const due = await store.due(10)
      expect(due.ids).toEqual(['b', 'a'])
      expect(due.nowMs).toBeGreaterThanOrEqual(nowMs)
      expect(due.nextDueAt! - due.nowMs).toBeGreaterThan(3_500_000)
      expect(due.nextDueAt! - due.nowMs).toBeLessThanOrEqual(3_600_000)
      expect((await store.due(1)).ids).toEqual(['b'])
      expect((await store.due(10)).ids).toEqual(['b', 'a'])
    })

    it('goes with the timer that moves or is canceled', async () => {
      const { store } = harness()
      const { nowMs } = await store.runtime()
      const overdue = timerAt(nowMs - 5_000)
      await put(store, { actors: [opening('a', { timer: overdue }), opening('b', { timer: overdue })] })
      await advance(store, 'a', 'i1', { timer: timerAt(nowMs + 3_600_000) })
      await advance(store, 'b', 'i1', { timer: null, live: false })
      expect((await store.due(10)).ids).toEqual([])
      await advance(store, 'a', 'i2', { timer: overdue })
      await advance(store, 'a', 'i3', { timer: timerAt(nowMs - 4_000) })
      await advance(store, 'a', 'i4', { timer: overdue })
      expect(await store.due(10)).toMatchObject({ ids: ['a'], nextDueAt: null })
    })
  })
}

function knowledgeCases(harness: () => StoreHarness): void {
  describe('what the store knows', () => {
    it('is its clock in whole ms and the stopped agents', async () => {
      const { store } = harness()
      await put(store, {
        actors: [opening('c', { status: 'stopped' }), opening('a', { status: 'stopped' }), opening('b')],
      })
      const before = await store.runtime()
      const env = await store.transact((tx) => tx.env())
      const after = await store.runtime()
      expect(env).toStrictEqual({ at: expect.any(Number), unreachable: ['a', 'c'] })
      expect(Number.isSafeInteger(env.at)).toBe(true)
      expect(env.at).toBeGreaterThanOrEqual(before.nowMs)
      expect(after.nowMs).toBeGreaterThanOrEqual(env.at)
      expect(after.id).toBe(before.id)
      await advance(store, 'a', 'i1', { status: 'waiting' })
      expect((await store.transact((tx) => tx.env())).unreachable).toEqual(['c'])
    })

    it('is the same through another handle', async () => {
      const { store, second } = harness()
      const other = await second()
      await put(store, { actors: [opening('a')] })
      expect(await other.readActor('a')).toStrictEqual(await store.readActor('a'))
      expect((await other.runtime()).id).toBe((await store.runtime()).id)
      await other.transact((tx) => tx.write(commitOf({ actors: [opening('b')] })))
      expect((await store.readActor('b'))!.state.id).toBe('b')
    })
  })
}
