import { describe, expect, it } from 'vitest'
import type { ActorPageQuery } from '../src/actor-page.ts'
import { opening, put, type StoreHarness } from './store-contract-rows.ts'

/** What the store promises to the HTTP edge: sessions, answered requests, and lists page by page. */
export function edgeContract(harness: () => StoreHarness): void {
  sessionCases(harness)
  requestCases(harness)
  pageCases(harness)
}

function sessionCases(harness: () => StoreHarness): void {
  describe('a session', () => {
    const token = {
      holder: 'operator',
      person: 'ada',
      scopes: ['admin'],
      createdBy: 'root',
      account: null,
      mintedBy: null,
      lifeMs: 60_000,
    }

    it('refers to its token on every server, until it ends', async () => {
      const { store, second } = harness()
      await store.addToken({ id: 't1', hash: 'secret', ...token })
      await store.edge.addSession({ hash: 's1', token: 't1', lifeMs: 10_000 })
      const other = await second()
      expect((await other.findToken('s1'))?.id).toBe('t1')
      expect((await other.findToken('secret'))?.id).toBe('t1')
      expect(await store.findToken('s2')).toBeNull()
      await store.revokeToken('t1')
      expect((await other.findToken('s1'))?.revokedAt).not.toBeNull()
      await other.edge.endSession('s1')
      await other.edge.endSession('s1')
      expect(await store.findToken('s1')).toBeNull()
    })

    it('is valid, as its token is, until one of them ends', async () => {
      const { store, second, pass } = harness()
      await store.addToken({ id: 't1', hash: 'h1', ...token })
      await store.addToken({ id: 't2', hash: 'h2', ...token, lifeMs: 20_000 })
      await store.edge.addSession({ hash: 's1', token: 't1', lifeMs: 10_000 })
      await store.edge.addSession({ hash: 's2', token: 't2', lifeMs: 60_000 })
      const other = await second()
      const valid = async () =>
        (await other.edge.validSecrets(['h1', 's1', 'h2', 's2', 'none', 't1'])).toSorted().join(' ')
      expect(await valid()).toBe('h1 h2 s1 s2')
      await pass(11_000)
      expect(await valid()).toBe('h1 h2 s2')
      await pass(10_000)
      expect(await valid()).toBe('h1')
      await store.revokeToken('t1')
      expect(await valid()).toBe('')
    })

    it('ends by the clock of the store', async () => {
      const { store, pass } = harness()
      await store.addToken({ id: 't1', hash: 'secret', ...token })
      await store.edge.addSession({ hash: 's1', token: 't1', lifeMs: 10_000 })
      await pass(11_000)
      expect(await store.findToken('s1')).toBeNull()
      await store.edge.addSession({ hash: 's2', token: 't1', lifeMs: 10_000 })
      expect((await store.findToken('s2'))?.id).toBe('t1')
    })
  })
}

function requestCases(harness: () => StoreHarness): void {
  describe('a request with a key', () => {
    const one = { caller: 'ada', key: 'k', digest: 'd', keepMs: 60_000, most: 100 }

    it('is claimed once, and its answer kept for every server', async () => {
      const { store, second } = harness()
      const other = await second()
      const claims = await Promise.all(
        [store, other, store, other].map((each) => each.edge.claimRequest(one)),
      )
      expect(claims.filter((claim) => claim === null)).toHaveLength(1)
      expect(claims.filter((claim) => claim !== null)).toEqual(
        Array.from({ length: 3 }, () => ({ digest: 'd', ageMs: expect.any(Number), answer: null })),
      )
      await store.edge.answerRequest('ada', 'k', { status: 200, body: '"größe"' })
      await store.edge.releaseRequest('ada', 'k')
      const again = await other.edge.claimRequest({ ...one, digest: 'other' })
      expect(again).toMatchObject({ digest: 'd', answer: { status: 200, body: '"größe"' } })
      expect(await other.edge.claimRequest({ ...one, caller: 'grace' })).toBeNull()
    })

    it('is forgotten when its caller has claimed many more, and not by what others claim', async () => {
      const { store, pass } = harness()
      const claim = (key: string, caller = 'ada') => store.edge.claimRequest({ ...one, key, caller, most: 3 })
      for (const key of ['1', '2', '3']) {
        expect(await claim(key)).toBeNull()
        await pass(2)
      }
      for (const key of ['4', '5', '6', '7']) expect(await claim(key, 'grace')).toBeNull()
      expect(await claim('1')).toMatchObject({ digest: 'd' })
      await pass(2)
      expect(await claim('4')).toBeNull()
      expect(await claim('2')).toMatchObject({ digest: 'd' })
      await pass(2)
      expect(await claim('1')).toBeNull()
      await pass(2)
      expect(await claim('2')).toBeNull()
    })

    it('can be claimed again when it was given back, and when its time is over', async () => {
      const { store, pass } = harness()
      expect(await store.edge.claimRequest(one)).toBeNull()
      await store.edge.releaseRequest('ada', 'k')
      expect(await store.edge.claimRequest(one)).toBeNull()
      await store.edge.answerRequest('ada', 'k', 1)
      await pass(30_000)
      const kept = await store.edge.claimRequest(one)
      expect(kept?.answer).toBe(1)
      expect(kept!.ageMs).toBeGreaterThanOrEqual(30_000)
      await pass(31_000)
      expect(await store.edge.claimRequest(one)).toBeNull()
      expect(await store.edge.claimRequest(one)).toMatchObject({ answer: null })
    })
  })
}

function pageCases(harness: () => StoreHarness): void {
  describe('a page of actors', () => {
    const ids = async (query: Partial<ActorPageQuery>): Promise<string> => {
      const page = await harness().store.actorPage({ type: 'bell', limit: 10, ...query })
      return page.map(({ state }) => state.id).join('')
    }
    const actor = (id: string, index: number, title: string, patch = {}) => {
      const context = { title, index, path: [{ level: 'peer' }, { level: 'chief', title: 'Q' }] }
      return opening(id, { snapshot: { value: 'waiting', context }, ...patch })
    }

    it('holds the newest that fit, and goes on from the last one', async () => {
      await put(harness().store, {
        actors: [
          actor('a', 0, 'Pool is full'),
          actor('b', 1, 'disk'),
          actor('c', 0, '100% of the pOOl'),
          actor('d', 1, 'x', { live: false, status: 'done' }),
          actor('e', 0, 'pool', { type: 'door' }),
        ],
      })
      expect(await ids({})).toBe('dcba')
      expect(await ids({ limit: 2 })).toBe('dc')
      expect(await ids({ limit: 2, before: 'c' })).toBe('ba')
      expect(await ids({ live: true })).toBe('cba')
      expect(await ids({ live: false })).toBe('d')
      expect(await ids({ status: 'done' })).toBe('d')
      expect(await ids({ where: [{ path: ['title'], is: 'disk' }] })).toBe('b')
      expect(await ids({ where: [{ path: ['index'], is: 1 }], live: true })).toBe('b')
      const level = (is: string) => [{ path: ['path', { at: ['index'] }, 'level'], is }]
      expect(await ids({ where: level('peer') })).toBe('ca')
      expect(await ids({ where: level('chief'), live: true })).toBe('b')
      expect(await ids({ where: [{ path: ['none'], is: 'disk' }] })).toBe('')
      const search = { in: [['title'], ['path', '1', 'title']] }
      expect(await ids({ search: { ...search, text: 'POOL' } })).toBe('ca')
      expect(await ids({ search: { ...search, text: '0%' } })).toBe('c')
      expect(await ids({ search: { ...search, text: 'q' } })).toBe('dcba')
    })
  })
}
