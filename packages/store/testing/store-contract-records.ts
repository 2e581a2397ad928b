import { describe, expect, it } from 'vitest'
import { CONTEXT, messageTo, put, type StoreHarness } from './store-contract-rows.ts'

/** What the store promises about what it keeps for operators: readings of metrics and signs of life. */
export function recordContract(harness: () => StoreHarness): void {
  listCases(harness)
  tokenCases(harness)
  openingCases(harness)
  describe('readings', () => {
    it('come back in order of time, by target and key, since an instant', async () => {
      const { store } = harness()
      const reading = (at: number, key = 'p95', target = 'shop') => ({
        target,
        key,
        at,
        reading: { ...CONTEXT, at },
      })
      await store.keepReadings([
        reading(3),
        reading(1),
        reading(2),
        reading(2, 'hits'),
        reading(2, 'p95', 'own'),
      ])
      expect(await store.readings('shop', 'p95', 2)).toStrictEqual([reading(2), reading(3)])
      expect(await store.readings('shop', 'hits', 0)).toStrictEqual([reading(2, 'hits')])
      expect(await store.readings('shop', 'x', 0)).toEqual([])
      await store.keepReadings([])
    })

    it('are kept once an instant: the first stays', async () => {
      const { store } = harness()
      const reading = (value: number) => ({ target: 'shop', key: 'p95', at: 1, reading: { value } })
      await store.keepReadings([reading(1)])
      await store.keepReadings([reading(2), { ...reading(3), at: 2 }])
      const kept = await store.readings('shop', 'p95', 0)
      expect(kept.map(({ reading }) => reading)).toEqual([{ value: 1 }, { value: 3 }])
    })
  })

  describe('a worker', () => {
    it('is seen alive by the clock of the store, with the skew of its own', async () => {
      const { store, pass } = harness()
      const { nowMs } = await store.runtime()
      const worker = (id: string, startedAt: number) => ({
        id,
        pid: 7,
        host: 'h',
        startedAt,
        info: { queues: ['layer'] },
      })
      await store.beat({ ...worker('w2', 2), workerNowMs: nowMs })
      await store.beat({ ...worker('w1', 1), workerNowMs: nowMs + 3_600_000 })
      const [first, second] = await store.workers()
      const seen = { beatAt: expect.any(Number), skewMs: expect.any(Number) }
      expect([first, second]).toStrictEqual([
        { ...worker('w1', 1), ...seen },
        { ...worker('w2', 2), ...seen },
      ])
      expect(first!.beatAt).toBeGreaterThanOrEqual(nowMs)
      // One look at the clock for both: two of a busy machine differ.
      expect(first!.beatAt + first!.skewMs).toBe(nowMs + 3_600_000)
      await pass(60_000)
      await store.beat({ ...worker('w1', 1), info: {}, workerNowMs: nowMs })
      const [renewed, unseen, ...others] = await store.workers()
      expect(others).toEqual([])
      expect(renewed).toMatchObject({ id: 'w1', info: {} })
      expect(renewed!.beatAt - unseen!.beatAt).toBeGreaterThanOrEqual(60_000)
      await store.signOff('w1')
      expect((await store.workers()).map(({ id }) => id)).toEqual(['w2'])
    })
  })
}

function openingCases(harness: () => StoreHarness): void {
  describe('openings', () => {
    const count = (opener: string) => harness().store.transact((tx) => tx.countOpening(opener, 60_000))

    it('are counted by opener, and from one again when the window has passed', async () => {
      const { pass } = harness()
      expect([await count('layer-8'), await count('layer-8'), await count('layer-9')]).toEqual([1, 2, 1])
      await pass(59_000)
      expect(await count('layer-8')).toBe(3)
      await pass(1_000)
      expect([await count('layer-8'), await count('layer-8')]).toEqual([1, 2])
    })

    it('are not counted by a transaction that fails, and each once when they meet', async () => {
      const { store, second } = harness()
      const failing = store.transact(async (tx) => {
        await tx.countOpening('layer-8', 60_000)
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      const other = await second()
      const counts = await Promise.all(
        [store, other, store, other].map((one) => one.transact((tx) => tx.countOpening('layer-8', 60_000))),
      )
      expect(counts.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4])
    })
  })
}

function tokenCases(harness: () => StoreHarness): void {
  describe('a token', () => {
    const token = (id: string, hash: string) => ({
      id,
      hash,
      holder: 'layer-2',
      person: 'ada',
      scopes: ['incidents:ack'],
      createdBy: 'root',
      account: null,
      mintedBy: null,
      lifeMs: 60_000,
    })

    it('is found by the hash of its secret, with a life by the clock of the store', async () => {
      const { store } = harness()
      const { hash, lifeMs, ...about } = token('t1', 'h1')
      const kept = await store.addToken({ hash, lifeMs, ...about })
      const { nowMs } = await store.runtime()
      expect(kept).toStrictEqual({
        ...about,
        createdAt: kept.createdAt,
        expiresAt: kept.createdAt + lifeMs,
        revokedAt: null,
      })
      expect(nowMs - kept.createdAt).toBeLessThan(60_000)
      expect(await store.findToken('h1')).toStrictEqual(kept)
      expect(await store.findToken('t1')).toBeNull()
      const second = await store.addToken(token('t2', 'h2'))
      expect(await store.listTokens()).toStrictEqual([kept, second])
    })

    it('is revoked once, and stays in the list', async () => {
      const { store, pass } = harness()
      await store.addToken(token('t1', 'h1'))
      expect([await store.revokeToken('t1'), await store.revokeToken('t3')]).toEqual([true, false])
      const { revokedAt } = (await store.findToken('h1'))!
      expect(revokedAt).toEqual(expect.any(Number))
      await pass(1_000)
      expect(await store.revokeToken('t1')).toBe(true)
      expect((await store.listTokens())[0]?.revokedAt).toBe(revokedAt)
    })
  })
}

function listCases(harness: () => StoreHarness): void {
  describe('a list of messages', () => {
    it('is by id, thread, agent and type, the newest first and no longer than requested', async () => {
      const { store } = harness()
      const first = messageTo('layer-8', 'm1')
      const answer = { ...messageTo('agent-0', 'm2'), from: 'layer-8', type: 'answer' }
      const elsewhere = { ...messageTo('layer-9', 'm3'), correlationId: 'c2' }
      await put(store, { at: 1, messages: [first, elsewhere] })
      await put(store, { at: 2, messages: [answer] })
      const rest = { attempt: 0, doneAt: null, deadCode: null }
      const all = { ids: ['m1', 'm2', 'm3'], limit: 10 }
      expect(await store.listMessages({ ...all, thread: 'c1' })).toStrictEqual([
        { ...answer, at: 2, ...rest },
        { ...first, at: 1, ...rest },
      ])
      const ids = async (filter: object) =>
        (await store.listMessages({ ...all, ...filter })).map(({ id }) => id)
      expect(await ids({})).toEqual(['m2', 'm3', 'm1'])
      expect(await ids({ agent: 'layer-8' })).toEqual(['m2', 'm1'])
      expect(await ids({ types: ['answer'] })).toEqual(['m2'])
      expect(await ids({ limit: 1 })).toEqual(['m2'])
      expect(await ids({ before: { at: 2, id: 'm2' } })).toEqual(['m3', 'm1'])
      expect(await ids({ before: { at: 1, id: 'm3' } })).toEqual(['m1'])
      expect(await ids({ before: { at: 1, id: 'm1' } })).toEqual([])
      expect(await ids({ ids: [] })).toEqual([])
    })
  })
}
