import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { verifyChain } from './hash-chain.ts'
import { migrate } from './migrate.ts'
import { openPostgresStore } from './postgres-store.ts'
import { countRetirable, retire, retiredHeads } from './retention.ts'
import { activityOf, advance, messageTo, opening, put } from '../testing/store-contract-rows.ts'
import type { Store, StoredEvent } from './store.ts'

/** All that the rows of this suite do happens before it. */
const LATER = 10_000

describe('retention', () => {
  let home: string
  let url: string
  let admin: pg.Client
  let store: Store
  let databases = 0

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'esa-retention-'))
  })
  beforeEach(async () => {
    const server = await ensureEmbeddedServer({ home })
    url = await createDatabase(server.url, `retention_${++databases}`)
    await migrate(url)
    store = await openPostgresStore({ url, max: 2 })
    admin = new pg.Client({ connectionString: url })
    await admin.connect()
  })
  afterEach(async () => {
    await store.close()
    await admin.end()
  })
  afterAll(async () => {
    await stopEmbeddedServer({ home, mode: 'immediate' })
    await rm(home, { recursive: true, force: true })
  })

  /** What is kept outside, parsed. */
  const run = async (beforeMs = LATER) => {
    const kept: Record<string, unknown>[] = []
    const counts = await retire(url, beforeMs, async (lines) => {
      kept.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>))
    })
    return { counts, kept }
  }
  const ids = async (table: string): Promise<string[]> =>
    (await admin.query<{ id: string }>(`select id from esa.${table} order by id`)).rows.map(({ id }) => id)

  it('leaves a task that waits in an inbox, however long ago it was delivered', async () => {
    const snapshot = { value: 'open', context: { inbox: { waits: { from: 'agent-0' } } } }
    const messages = ['waits', 'answered'].map((id) => messageTo('a', id))
    await put(store, { actors: [opening('a', { snapshot })], messages })
    await put(store, { doneMessages: ['waits', 'answered'] })
    expect(await countRetirable(url, LATER)).toMatchObject({ messages: 1 })
    await run()
    expect(await ids('messages')).toEqual(['waits'])
  })

  it('leaves the notes of an incident that is open, and takes them with it when it is over', async () => {
    const of = (incidentId: string) => ({
      live: false,
      snapshot: { value: 'closed', context: { incidentId } },
    })
    const over = opening('over', { live: false })
    await put(store, {
      actors: [opening('lasting'), over, opening('n1', of('lasting')), opening('n2', of('over'))],
    })
    expect(await countRetirable(url, LATER)).toMatchObject({ streams: 2 })
    await run()
    expect(await ids('actors')).toEqual(['lasting', 'n1'])
  })

  it('takes what is done and old, and leaves what is open, given up or young', async () => {
    const messages = ['done', 'open', 'dead'].map((id) => messageTo('a', id))
    await put(store, { messages, activities: [activityOf('a', 'ended'), activityOf('a', 'open')] })
    await store.buryMessage('dead', 'actor.step-failed')
    await put(store, { at: 2_000, doneMessages: ['done'] })
    await admin.query(`update esa.activities set done_at = 2000, outcome = 'done' where id = 'ended'`)
    expect((await run(2_000)).counts).toEqual({ messages: 0, activities: 0, streams: 0, events: 0 })
    const { counts, kept } = await run(2_001)
    expect(counts).toEqual({ messages: 1, activities: 1, streams: 0, events: 0 })
    expect(kept.map(({ kind, id }) => [kind, id])).toEqual([
      ['message', 'done'],
      ['activity', 'ended'],
    ])
    expect(kept[0]).toMatchObject({ body: messages[0]!.body, done_at: 2_000 })
    expect([await ids('messages'), await ids('activities')]).toEqual([['dead', 'open'], ['open']])
  })

  it('takes closed streams whole: the file holds a chain that ends at the head that stays', async () => {
    await put(store, { actors: [opening('closed'), opening('live')] })
    for (const input of ['i1', 'i2']) await advance(store, 'closed', input, { status: 'resolved' })
    await advance(store, 'closed', 'i3', { status: 'resolved', live: false })
    const last = (await store.readActor('closed'))!
    expect(await countRetirable(url, LATER)).toEqual({ messages: 0, activities: 0, streams: 1, events: 4 })
    const seen = await store.feedTail()
    expect(await store.feedHolds(seen)).toBe(true)
    const { counts, kept } = await run()
    expect(counts).toEqual({ messages: 0, activities: 0, streams: 1, events: 4 })
    // A reader that had followed up to here, or has yet to begin, would never hear of what is gone.
    expect(await Promise.all([0, seen].map((position) => store.feedHolds(position)))).toEqual([false, false])
    expect(kept[0]).toMatchObject({ kind: 'actor', id: 'closed', head: last.head })
    const events = kept.slice(1).map(({ kind: _kind, ...event }) => event as unknown as StoredEvent)
    expect(verifyChain(events, { seq: 4, hash: last.head })).toEqual({ ok: true })
    expect(await retiredHeads(url)).toEqual(new Map([['closed', { seq: 4, hash: last.head }]]))
    expect(await ids('actors')).toEqual(['live'])
    expect([await store.readStream('closed'), (await store.readStream('live')).length]).toEqual([[], 1])
  })

  it('leaves a closed stream that something is still on its way to or from', async () => {
    for (const id of ['told', 'asking'])
      await put(store, { actors: [opening(id, { live: false, status: 'resolved' })] })
    await put(store, { messages: [messageTo('told', 'm1')], activities: [activityOf('asking', 't1')] })
    expect((await run()).counts.streams).toBe(0)
    await put(store, { doneMessages: ['m1'] })
    expect((await run()).counts.streams).toBe(1)
    expect(await ids('actors')).toEqual(['asking'])
  })

  it('removes nothing that could not be kept, and goes on from there', async () => {
    const many = Array.from({ length: 2_500 }, (_, index) => `m${String(index).padStart(4, '0')}`)
    await put(store, { messages: many.map((id) => messageTo('a', id)), doneMessages: [] })
    await put(store, { doneMessages: many })
    let batches = 0
    const full = retire(url, LATER, async () => {
      if (++batches === 2) throw new Error('no space left')
    })
    await expect(full).rejects.toThrow('no space left')
    expect(await ids('messages')).toHaveLength(1_500)
    const done: number[] = []
    const counts = await retire(
      url,
      LATER,
      async () => {},
      (n) => done.push(n),
    )
    expect(counts.messages).toBe(1_500)
    expect(done.slice(0, 2)).toEqual([1_000, 1_500])
    expect(await ids('messages')).toEqual([])
  })
})
