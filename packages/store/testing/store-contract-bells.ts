import { EsaError } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import {
  activityOf,
  commitOf,
  messageTo,
  opening,
  put,
  signal,
  type StoreHarness,
  TIMEOUT_MS,
} from './store-contract-rows.ts'
import type { NewMessage, Store } from '../src/store.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** With this margin a claim lasts an hour. */
const MARGIN_MS = HOUR_MS - TIMEOUT_MS

/** What a sweep takes, as `id-attempt`. */
async function swept(store: Store, afterMs: number, limit = 10): Promise<string[]> {
  const rings = await store.takeOverdue({ limit, afterMs })
  return rings.map(({ id, attempt }) => `${id}-${attempt}`)
}

const end = (store: Store, id: string, fence: number, outcome = 'done') =>
  store.transact((tx) => tx.endActivity(id, fence, outcome))

/** What the store promises about messages, activities and the bells that are rung for them. */
export function bellContract(harness: () => StoreHarness): void {
  messageCases(harness)
  refusedCases(harness)
  consumedCases(harness)
  sweepCases(harness)
  sweeperCases(harness)
  claimCases(harness)
  resultCases(harness)
}

function messageCases(harness: () => StoreHarness): void {
  describe('a message', () => {
    it('comes back as it was written', async () => {
      const { store } = harness()
      const [direct, keyed] = [messageTo('a', 'm1'), messageTo('a', 'm2')]
      Object.assign(keyed, { toActor: null, toType: 'bell', toKey: 'k', causationId: 'm1' })
      await put(store, { messages: [direct, keyed] })
      const read = await store.transact((tx) => tx.messages(['m2', 'm1', 'm2', 'x']))
      const kept = { at: 1_000, attempt: 0, doneAt: null, deadCode: null }
      expect(read.toSorted((a, b) => a.id.localeCompare(b.id))).toStrictEqual([
        { ...direct, ...kept },
        { ...keyed, ...kept },
      ])
      expect(await store.transact((tx) => tx.messages(['x']))).toEqual([])
    })

    it('is plain data, whatever its members are called', async () => {
      const { store } = harness()
      const body = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1}') as NewMessage['body']
      await put(store, { messages: [{ ...messageTo('a', 'm1'), body }] })
      const read = (await store.transact((tx) => tx.messages(['m1'])))[0]!.body
      expect(JSON.parse(JSON.stringify(read))).toEqual(body)
      expect(Object.keys(read).sort()).toEqual(['__proto__', 'constructor'])
      expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
    })
  })
}

function refusedCases(harness: () => StoreHarness): void {
  describe('a text', () => {
    it.each([
      ['a NUL', 'a\u0000b'],
      ['the first half of a character', 'x\uD83D'],
      ['the second half of one', '\uDE00x'],
    ])('with %s is refused, and nothing of its commit is kept', async (_, text) => {
      const { store } = harness()
      const body = { deep: [{ text }] }
      const messages = [messageTo('a', 'm1'), { ...messageTo('a', 'm2'), body }]
      const refused = { code: 'database.data', kind: 'terminal' }
      await expect(put(store, { messages })).rejects.toMatchObject(refused)
      await expect(put(store, { actors: [opening('a', { status: text })] })).rejects.toMatchObject(refused)
      expect(await store.backlog()).toMatchObject({ messages: 0 })
      expect(await store.listActors({})).toEqual([])
    })

    it('that only looks like that is kept', async () => {
      const { store } = harness()
      const body = { text: 'a\\u0000b \\\\ud83d', whole: '😀', last: '\\' }
      await put(store, { messages: [{ ...messageTo('a', 'm1'), body }] })
      expect((await store.transact((tx) => tx.messages(['m1'])))[0]!.body).toEqual(body)
    })
  })
}

function consumedCases(harness: () => StoreHarness): void {
  describe('a message', () => {
    it('is done once, at the instant of the commit that consumed it', async () => {
      const { store } = harness()
      await put(store, { messages: [messageTo('a', 'm1')] })
      const doneAt = async () => (await store.transact((tx) => tx.messages(['m1'])))[0]!.doneAt
      const aborted = store.transact(async (tx) => {
        await tx.write(commitOf({ at: 2_000, doneMessages: ['m1'] }))
        throw new EsaError('test.refused', 'terminal', 'no')
      })
      await expect(aborted).rejects.toMatchObject({ code: 'test.refused' })
      expect(await doneAt()).toBeNull()
      await put(store, { at: 3_000, doneMessages: ['m1', 'unknown'] })
      await put(store, { at: 4_000, doneMessages: ['m1'] })
      expect(await doneAt()).toBe(3_000)
      expect(await store.backlog()).toEqual({ messages: 0, activities: 0, dead: 0, oldestMs: null })
    })

    it('is kept once under its id: posting it again changes nothing', async () => {
      const { store } = harness()
      await put(store, { messages: [messageTo('a', 'm1')], activities: [activityOf('a', 't1')] })
      const again = { ...messageTo('b', 'm1'), body: { ask: 'other' } }
      const more = { ...activityOf('b', 't1'), input: {} }
      await put(store, { messages: [again, messageTo('b', 'm2')], activities: [more, activityOf('b', 't2')] })
      expect((await store.transact((tx) => tx.messages(['m1'])))[0]!.toActor).toBe('a')
      expect((await store.claimActivity('t1', MARGIN_MS))!.actorId).toBe('a')
      expect(await store.backlog()).toMatchObject({ messages: 2, activities: 2 })
    })

    it('that was given up counts as dead, and is rung no more', async () => {
      const { store } = harness()
      await put(store, { messages: [messageTo('a', 'm1'), messageTo('a', 'm2')], rung: false })
      await store.buryMessage('m1', 'actor.step-failed')
      expect(await swept(store, 0)).toEqual(['m2-1'])
      expect((await store.transact((tx) => tx.messages(['m1'])))[0]!.deadCode).toBe('actor.step-failed')
      expect(await store.backlog()).toMatchObject({ messages: 1, dead: 1 })
      const given = await store.listMessages({ dead: true, limit: 10 })
      expect(given.map(({ id, deadCode }) => [id, deadCode])).toEqual([['m1', 'actor.step-failed']])
      await put(store, { doneMessages: ['m2'] })
      await store.buryMessage('m2', 'too.late')
      expect((await store.transact((tx) => tx.messages(['m2'])))[0]!.deadCode).toBeNull()
    })

    it('waits in the backlog from the instant it was written', async () => {
      const { store } = harness()
      const { nowMs } = await store.runtime()
      await put(store, { at: nowMs, messages: [messageTo('a', 'm1')] })
      await put(store, {
        at: nowMs + HOUR_MS,
        messages: [messageTo('a', 'm2')],
        activities: [activityOf('a', 't1')],
      })
      await harness().pass(MINUTE_MS)
      const { oldestMs, ...counts } = await store.backlog()
      expect(counts).toEqual({ messages: 2, activities: 1, dead: 0 })
      const queues = await store.queues()
      expect(queues).toMatchObject([
        { queue: 'layer', kind: 'activity', waiting: 1 },
        { queue: 'layer', kind: 'message', waiting: 2 },
      ])
      expect(queues[1]!.oldestMs).toBeGreaterThanOrEqual(MINUTE_MS)
      expect(oldestMs).toBeGreaterThanOrEqual(MINUTE_MS)
      expect(oldestMs).toBeLessThan(HOUR_MS)
    })
  })
}

function sweepCases(harness: () => StoreHarness): void {
  describe('a sweep', () => {
    it('takes what was not announced, oldest first, as attempt 1, and not again at once', async () => {
      const { store } = harness()
      await put(store, {
        at: 3_000,
        messages: [messageTo('a', 'm3')],
        activities: [activityOf('a', 't3')],
        rung: false,
      })
      await put(store, {
        at: 1_000,
        messages: [messageTo('a', 'm1')],
        activities: [activityOf('a', 't1')],
        rung: false,
      })
      await put(store, { at: 2_000, messages: [messageTo('a', 'm2')], rung: false })
      const rings = await store.takeOverdue({ limit: 10, afterMs: HOUR_MS })
      const ring = { queue: 'layer', attempt: 1 }
      expect(rings.filter(({ kind }) => kind === 'message')).toEqual([
        { kind: 'message', id: 'm1', ...ring },
        { kind: 'message', id: 'm2', ...ring },
        { kind: 'message', id: 'm3', ...ring },
      ])
      expect(rings.filter(({ kind }) => kind === 'activity')).toEqual([
        { kind: 'activity', id: 't1', ...ring },
        { kind: 'activity', id: 't3', ...ring },
      ])
      expect(await swept(store, HOUR_MS)).toEqual([])
      expect((await store.transact((tx) => tx.messages(['m1'])))[0]!.attempt).toBe(1)
    })

    it('takes no more than its limit, those first that have waited longest', async () => {
      const { store } = harness()
      await put(store, { at: 2_000, messages: [messageTo('a', 'm2')], rung: false })
      await put(store, { at: 1_000, messages: [messageTo('a', 'm1')], rung: false })
      expect(await swept(store, HOUR_MS, 1)).toEqual(['m1-1'])
      expect(await swept(store, HOUR_MS, 1)).toEqual(['m2-1'])
      expect(await swept(store, HOUR_MS, 1)).toEqual([])
    })

    it('rings again what went unheard, after twice the time at every attempt', async () => {
      const { store, pass } = harness()
      const { nowMs } = await store.runtime()
      await put(store, { at: nowMs, messages: [messageTo('a', 'm1')], activities: [activityOf('a', 't1')] })
      const attempts = [1, 2, 4, 8, 16, 32, 32, 32]
      for (const [index, factor] of attempts.entries()) {
        await pass(factor * HOUR_MS - MINUTE_MS)
        expect(await swept(store, HOUR_MS)).toEqual([])
        await pass(MINUTE_MS)
        expect(await swept(store, HOUR_MS)).toEqual([`m1-${index + 1}`, `t1-${index + 1}`])
      }
    })
  })
}

function sweeperCases(harness: () => StoreHarness): void {
  describe('a sweep', () => {
    it('leaves out what is done, and what is just being done', async () => {
      const { store, second } = harness()
      const other = await second()
      const activities = [activityOf('a', 't1'), activityOf('a', 't2')]
      await put(store, { messages: [messageTo('a', 'm1'), messageTo('a', 'm2')], activities, rung: false })
      await put(store, { doneMessages: ['m1'] })
      await end(store, 't1', 0)
      await store.transact(async (tx) => {
        await tx.write(commitOf({ doneMessages: ['m2'] }))
        await tx.endActivity('t2', 0, 'done')
        expect(await swept(other, 0)).toEqual([])
      })
      expect(await swept(store, 0)).toEqual([])
    })

    it('gives no row to two sweepers', async () => {
      const { store, second } = harness()
      const other = await second()
      const ids = Array.from({ length: 20 }, (_, index) => `m${index}`)
      await put(store, { messages: ids.map((id) => messageTo('a', id)), rung: false })
      const taken = await Promise.all([store, other, store, other].map((from) => swept(from, HOUR_MS, 7)))
      const all = taken.flat()
      expect(new Set(all).size).toBe(all.length)
      const rest = await swept(store, HOUR_MS, 20)
      expect([...all, ...rest].sort()).toEqual(ids.map((id) => `${id}-1`).sort())
    })

    it('is called when a commit leaves its rows to be rung, where notifications arrive, and finds them anyway', async () => {
      const { store, second, hears } = harness()
      const [first, other] = [signal(), signal()]
      const stops = [await store.listen(first.reach), await (await second()).listen(other.reach)]
      await put(store, { messages: [messageTo('a', 'm1')], rung: false })
      if (hears) await Promise.all([first.reached, other.reached])
      expect(await swept(store, HOUR_MS)).toEqual(['m1-1'])
      for (const stop of stops) await stop()
    })
  })
}

function claimCases(harness: () => StoreHarness): void {
  describe('an activity', () => {
    it('is claimed by one at a time, and comes back as it was requested', async () => {
      const { store, second } = harness()
      const other = await second()
      const asked = activityOf('a', 't1')
      await put(store, {
        actors: [opening('a')],
        activities: [asked, activityOf('a', 't2')],
      })
      const claims = await Promise.all(
        [store, other, store].map((from) => from.claimActivity('t1', MARGIN_MS)),
      )
      expect(claims.filter((claim) => claim !== null)).toStrictEqual([{ ...asked, attempt: 1, fence: 1 }])
      expect(await store.claimActivity('x', MARGIN_MS)).toBeNull()
    })

    it('counts for the agent that its actor works for, else for its actor', async () => {
      const { store } = harness()
      const actors = [{ ...opening('a'), owner: 'layer-1' }, opening('b')]
      await put(store, { actors, activities: [activityOf('a', 't1'), activityOf('b', 't2')] })
      const owners = await Promise.all(['t1', 't2', 'x'].map((id) => store.activityOwner(id)))
      expect(owners).toEqual(['layer-1', 'b', null])
    })

    it('is not rung while it is claimed, and again when its claim runs out', async () => {
      const { store, pass } = harness()
      await put(store, { activities: [activityOf('a', 't1')], rung: false })
      await store.claimActivity('t1', MARGIN_MS)
      expect(await swept(store, 0)).toEqual([])
      await pass(HOUR_MS - MINUTE_MS)
      expect(await swept(store, 0)).toEqual([])
      await pass(MINUTE_MS + 1)
      expect(await swept(store, 0)).toEqual(['t1-1'])
    })
  })
}

function resultCases(harness: () => StoreHarness): void {
  describe('an activity', () => {
    it('passes to the next when its claim runs out, and refuses the late result', async () => {
      const { store, pass } = harness()
      await put(store, { activities: [activityOf('a', 't1')] })
      await store.claimActivity('t1', MARGIN_MS)
      await pass(HOUR_MS + 1)
      expect(await store.claimActivity('t1', MARGIN_MS)).toMatchObject({ attempt: 2, fence: 2 })
      expect(await end(store, 't1', 1)).toBe(false)
      expect(await store.backlog()).toMatchObject({ activities: 1 })
      expect(await end(store, 't1', 2)).toBe(true)
      expect(await end(store, 't1', 2)).toBe(false)
      expect(await store.backlog()).toMatchObject({ activities: 0 })
      await pass(HOUR_MS + 1)
      expect(await store.claimActivity('t1', MARGIN_MS)).toBeNull()
      expect(await end(store, 'x', 0)).toBe(false)
    })

    it('ends with the transaction or not at all, and once', async () => {
      const { store, second } = harness()
      const other = await second()
      await put(store, { activities: [activityOf('a', 't1')] })
      await store.claimActivity('t1', MARGIN_MS)
      const aborted = store.transact(async (tx) => {
        expect(await tx.endActivity('t1', 1, 'done')).toBe(true)
        expect(await tx.endActivity('t1', 1, 'done')).toBe(false)
        throw new EsaError('test.refused', 'terminal', 'no')
      })
      await expect(aborted).rejects.toMatchObject({ code: 'test.refused' })
      const ends = await Promise.all([store, other, store, other].map((from) => end(from, 't1', 1)))
      expect(ends.filter((ended) => ended)).toEqual([true])
    })

    it('that was let go is claimed and rung again after the pause, and only by its fence', async () => {
      const { store, pass } = harness()
      await put(store, { activities: [activityOf('a', 't1')], rung: false })
      await store.claimActivity('t1', MARGIN_MS)
      await store.releaseActivity('t1', 7, 0)
      await pass(1)
      expect(await store.claimActivity('t1', MARGIN_MS)).toBeNull()
      await store.releaseActivity('t1', 1, MINUTE_MS)
      expect(await store.claimActivity('t1', MARGIN_MS)).toBeNull()
      expect(await swept(store, 0)).toEqual([])
      await pass(MINUTE_MS + 1)
      expect(await swept(store, 0)).toEqual(['t1-1'])
      expect(await store.claimActivity('t1', MARGIN_MS)).toMatchObject({ attempt: 2, fence: 2 })
      expect(await end(store, 't1', 2)).toBe(true)
      await store.releaseActivity('t1', 2, 0)
      await pass(HOUR_MS)
      expect(await swept(store, 0)).toEqual([])
    })
  })
}
