import { describe, expect, it } from 'vitest'
import { advance, AT, opening, put, type StoreHarness, timerAt } from './store-contract-rows.ts'

/** What the store promises about what is counted for operators: live actors in brief, and events that name a level. */
export function figureContract(harness: () => StoreHarness): void {
  tallyCases(harness)
  outlineCases(harness)
  describe('a fact', () => {
    it('is an event that names a level, the newest first, of the requested types and since the requested instant', async () => {
      const { store } = harness()
      const event = (id: string, patch: object) => {
        const write = opening(id)
        Object.assign(write.steps[0]!.events[0]!, patch)
        return write
      }
      await put(store, {
        actors: [
          event('a', { type: 'told', at: 10, level: 'peer', data: { to: { n: 1 }, more: 'x' } }),
          event('b', { type: 'told', at: 12, level: 'chief', lateMs: 7 }),
          event('c', { type: 'told', at: 13 }),
          event('d', { type: 'held', at: 14, level: 'peer' }),
          event('e', { type: 'told', at: 9, level: 'peer' }),
          event('f', { type: 'told', at: 12, level: 'ceo' }),
        ],
      })
      const asked = { types: ['told'], sinceMs: 10, limit: 10 }
      const fields = [['to', 'n'], ['none']]
      expect(await store.facts({ ...asked, fields })).toStrictEqual([
        { stream: 'f', seq: 1, at: 12, type: 'told', level: 'ceo', lateMs: null, fields: [null, null] },
        { stream: 'b', seq: 1, at: 12, type: 'told', level: 'chief', lateMs: 7, fields: [null, null] },
        { stream: 'a', seq: 1, at: 10, type: 'told', level: 'peer', lateMs: null, fields: [1, null] },
      ])
      const streams = async (filter: object) =>
        (await store.facts({ ...asked, ...filter })).map(({ stream }) => stream)
      expect(await streams({ limit: 1 })).toEqual(['f'])
      expect(await streams({ types: ['held', 'told'] })).toEqual(['d', 'f', 'b', 'a'])
      expect(await streams({ sinceMs: 13 })).toEqual([])
    })
  })
}

function tallyCases(harness: () => StoreHarness): void {
  describe('a tally', () => {
    it('counts the events of a span that name a level, by type, level and how late: a bound is in its bucket', async () => {
      const { store } = harness()
      const event = (id: string, patch: object) => {
        const write = opening(id)
        Object.assign(write.steps[0]!.events[0]!, { type: 'told', at: 10, level: 'peer', ...patch })
        return write
      }
      const late = { level: 'chief' }
      await put(store, {
        actors: [
          event('a', {}),
          event('b', { at: 19 }),
          event('c', { at: 9 }),
          event('d', { at: 20 }),
          event('e', { level: undefined }),
          event('f', { ...late, lateMs: 5 }),
          event('g', { ...late, lateMs: 1 }),
          event('h', { ...late, lateMs: 6 }),
          event('i', { ...late, lateMs: 31 }),
          event('j', { type: 'held' }),
        ],
      })
      const tallied = await store.tally({ fromMs: 10, untilMs: 20, boundsMs: [5, 30] })
      const rows = tallied.map(({ type, level, bucket, count, lateSumMs }) => [
        type,
        level,
        bucket,
        count,
        lateSumMs,
      ])
      expect(rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))).toStrictEqual([
        ['held', 'peer', null, 1, 0],
        ['told', 'chief', 0, 2, 6],
        ['told', 'chief', 1, 1, 6],
        ['told', 'chief', 2, 1, 31],
        ['told', 'peer', null, 2, 0],
      ])
      expect(await store.tally({ fromMs: 30, untilMs: 40, boundsMs: [] })).toEqual([])
    })
  })

  describe('the newest reading', () => {
    it('is given for each series, by target and key', async () => {
      const { store } = harness()
      const reading = (at: number, key = 'p95', target = 'shop') => ({ target, key, at, reading: { at } })
      expect(await store.latestReadings()).toEqual([])
      await store.keepReadings([reading(3), reading(1), reading(2, 'hits'), reading(2, 'p95', 'own')])
      expect(await store.latestReadings()).toStrictEqual([
        reading(2, 'p95', 'own'),
        reading(2, 'hits'),
        reading(3),
      ])
    })
  })
}

function outlineCases(harness: () => StoreHarness): void {
  describe('an outline', () => {
    it('is of each live actor of a type, with the requested members of its context', async () => {
      const { store } = harness()
      const context = { index: 1, zero: -0, policy: { path: [{ level: 'peer' }, { level: 'ceo' }] } }
      const snapshot = { value: 'waiting', context }
      await put(store, {
        actors: [
          opening('b', { snapshot, timer: timerAt(AT + 5) }),
          opening('a', { status: 'held' }),
          opening('c', { type: 'other' }),
          opening('d'),
        ],
      })
      await advance(store, 'd', 'i1', { live: false })
      const paths = [['index'], ['policy', 'path'], ['zero'], ['index', 'of'], ['gone']]
      expect(await store.outlines('bell', paths)).toStrictEqual([
        {
          id: 'a',
          status: 'held',
          seq: 1,
          at: AT,
          dueAt: null,
          timerKind: null,
          fields: [null, null, null, null, null],
        },
        {
          id: 'b',
          status: 'waiting',
          seq: 1,
          at: AT,
          dueAt: AT + 5,
          timerKind: timerAt(AT + 5).kind,
          fields: [1, context.policy.path, 0, null, null],
        },
      ])
      expect(await store.outlines('none', [])).toEqual([])
    })
  })
}
