import { join } from 'node:path'
import { connectPool } from '@esa/pg-server'
import { EsaError } from '@esa/protocol'
import type { PoolClient } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { type Clock, systemClock } from '@esa/database-catalog/sql'
import { type ApplyEvent, applyMigration, type ApplyPorts } from './apply-migration.ts'
import { fileLedger } from './ledger/file-ledger.ts'
import { scriptMigration } from '../plan/steps/migration.ts'
import { rollBackMigrations } from './rollback.ts'
import { Shop } from '../../testing/shop.ts'
import { clearBefore } from './unattended.ts'

const server = ownServer()
let shop: Shop

/** Pauses are over at once, and each takes its requested time: what waits for minutes is tested in a moment. */
function hurriedClock(): Clock {
  let skippedMs = 0
  return {
    now: () => systemClock.now() + skippedMs,
    pause: async (ms) => {
      skippedMs += ms
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

beforeEach(async () => {
  shop = await Shop.open(server)
})
afterEach(() => shop.pool.end())

/** Runs `work` while another session is in a transaction that it began with `sql`. */
async function beside<T>(sql: string, work: (other: PoolClient) => Promise<T>): Promise<T> {
  const other = await shop.pool.connect()
  try {
    await other.query('begin')
    await other.query(sql)
    return await work(other)
  } finally {
    await other.query('rollback')
    other.release()
  }
}

describe('an apply', () => {
  it('goes step by step, remembers what is done, and refuses what was changed behind it', async () => {
    const sql = 'alter table orders add total int; create index concurrently orders_note_idx on orders (note)'
    expect(await shop.apply(sql)).toMatchObject({
      state: 'done',
      steps: [{ id: 'statement-1' }, { id: 'statement-2' }],
      verification: { state: 'verified' },
    })
    expect(await shop.apply(sql)).toMatchObject({ state: 'already', steps: [] })
    await expect(shop.apply(`${sql}; select 1`)).rejects.toMatchObject({ code: 'migration.changed' })
  })

  it('goes on behind the step that failed, once that is mended', async () => {
    const first = 'create table notes (id int); insert into notes values (1)'
    await expect(shop.apply(`${first}; insert into nowhere values (1)`)).rejects.toMatchObject({
      code: 'migration.step-failed',
    })
    expect(await shop.apply(`${first}; insert into notes values (2)`)).toMatchObject({
      steps: [{ id: 'statement-3' }],
    })
    expect(await shop.one('select string_agg(id::text, $$ $$ order by id) from notes')).toBe('1 2')
  })

  it.each([
    'set search_path = app; create table a (i int)',
    'begin; set search_path = app; create table a (i int); commit',
  ])('keeps what a file sets for the session that goes on: %s', async (sets) => {
    const first = `create schema app; ${sets}`
    await expect(shop.apply(`${first}; select 1 / 0`)).rejects.toMatchObject({
      code: 'migration.step-failed',
    })
    await shop.apply(`${first}; create table b (i int)`)
    expect(await shop.one(`select count(*)::int from pg_tables where schemaname = 'app'`)).toBe(2)
  })

  it('leaves what a file sets to that file', async () => {
    await shop.apply('create schema app; set search_path = app; set work_mem = $$5MB$$')
    const next = await scriptMigration('0002.sql', 'create table b (i int)')
    await applyMigration(next, shop.ports())
    expect(await shop.one(`select to_regclass('public.b')::text`)).toBe('b')
    expect(await shop.one('show work_mem')).not.toBe('5MB')
  })

  it.each([
    `with d as (delete from orders returning 1) select set_config('app.n', count(*)::text, false) from d`,
    `select set_config('app.n', '1', false), wipe_orders()`,
    `select 'set_config', wipe_orders()`,
  ])('asks before a statement that also sets something, and does it nowhere frozen: %s', async (sql) => {
    await shop.pool.query(`create function wipe_orders() returns void language sql as 'delete from orders';
      create schema esa_control; create table esa_control.freeze (reason text)`)
    const authorise: ApplyPorts['authorise'] = async ({ risk }) => {
      if (risk !== 'additive') throw new EsaError('approval.missing', 'terminal', 'no')
    }
    await expect(shop.apply(sql, { authorise })).rejects.toMatchObject({ code: 'approval.missing' })
    expect(await shop.one('select count(*)::int from orders')).toBe(500)
    await shop.pool.query(`insert into esa_control.freeze values ('no')`)
    await expect(shop.apply(sql)).rejects.toMatchObject({ code: 'migration.frozen' })
    expect(await shop.one('select count(*)::int from orders')).toBe(500)
  })

  it('gives up a lock within its budget, again and again, names who is in the way, and leaves nothing', async () => {
    const budget = { lockMs: 60, attempts: 3 }
    const failed = await beside(`update orders set note = 'secret' where id = 4711`, () =>
      shop
        .apply('alter table orders add total int', {
          budget,
          clock: { ...systemClock, pause: (ms) => systemClock.pause(ms / 5) },
        })
        .catch((error: unknown) => error),
    )
    expect(failed).toMatchObject({ code: 'migration.locked', kind: 'transient', details: { attempts: 3 } })
    const { message } = failed as EsaError
    expect(message).toMatch(/pid \d+ of postgres \(shop\), idle in transaction/)
    expect(message).toContain('update orders set note = ? where id = ?')
    expect(shop.events.filter(({ type }) => type === 'retry')).toHaveLength(2)
    expect(await shop.one(`select count(*)::int from pg_locks where relation = 'orders'::regclass`)).toBe(0)
    expect(await shop.apply('alter table orders add total int')).toMatchObject({ state: 'done' })
  })

  it('is canceled and undone when others wait for it too long', async () => {
    const sql = 'begin; alter table orders add total int; select pg_sleep(30); commit'
    const applying = shop.apply(sql, { budget: { blockMs: 300 } }).catch((error: unknown) => error)
    const locked = `select exists (select from pg_locks where relation = 'orders'::regclass and mode = 'AccessExclusiveLock' and granted) as locked`
    while ((await shop.one(locked)) !== true) continue
    await shop.pool.query(`insert into orders values (501, 'in time')`)
    expect(await applying).toMatchObject({ code: 'migration.blocks-others' })
    expect(
      await shop.one(
        `select count(*)::int from pg_attribute where attrelid = 'orders'::regclass and attname = 'total'`,
      ),
    ).toBe(0)
  })

  it('clears an INVALID index before it builds, and after it failed to', async () => {
    await shop.pool.query('insert into orders values (0, $$note 1$$)')
    const sql = 'create unique index concurrently orders_note_key on orders (note)'
    const invalid = `select count(*)::int from pg_index where not indisvalid`
    await expect(shop.apply(sql)).rejects.toMatchObject({ code: 'migration.step-failed' })
    expect(await shop.one(invalid)).toBe(0)
    await shop.pool.query(sql).catch(() => undefined)
    expect(await shop.one(invalid)).toBe(1)
    await shop.pool.query('delete from orders where id = 0')
    await shop.apply(sql)
    expect(
      await shop.one(`select indisvalid from pg_index where indexrelid = 'orders_note_key'::regclass`),
    ).toBe(true)
  })

  it('knows what a broken try of a step outside of transactions has done', async () => {
    await shop.pool.query(`create type mood as enum ('sad'); create table log (i int) partition by list (i);
      create table log_1 partition of log for values in (1); create index log_1_i on log_1 (i)`)
    const found = (sql: string) => clearBefore(shop.pool, sql, true)
    expect(await found(`alter type mood add value 'glad'`)).toBe('ready')
    expect(await found(`alter type mood add value 'sad'`)).toBe('done')
    expect(await found('alter table log detach partition log_1 concurrently')).toBe('ready')
    await shop.pool.query('alter table log detach partition log_1')
    expect(await found('alter table log detach partition log_1 concurrently')).toBe('done')
    expect(await found('drop index concurrently log_1_i')).toBe('ready')
    await shop.pool.query('drop index log_1_i')
    expect(await found('drop index concurrently log_1_i')).toBe('done')
    expect(await found('create index concurrently log_1_i on log_1 (i)')).toBe('ready')
  })

  it('does nothing more once the target is frozen', async () => {
    await shop.pool.query(`create schema esa_control; create table esa_control.freeze (reason text);
      insert into esa_control.freeze values ('the CEO looks into it')`)
    await expect(shop.apply('alter table orders add total int')).rejects.toMatchObject({
      code: 'migration.frozen',
      message: expect.stringContaining('the CEO looks into it') as string,
    })
    await shop.pool.query('delete from esa_control.freeze')
    expect(await shop.apply('alter table orders add total int')).toMatchObject({ state: 'done' })
  })

  it('is alone on its target', async () => {
    await beside('select pg_advisory_xact_lock(6648673, 1835624306)', async () => {
      const second = shop.apply('alter table orders add total int', { clock: hurriedClock() })
      await expect(second).rejects.toMatchObject({
        code: 'migration.being-applied',
        message: expect.stringMatching(/pid \d+ of postgres/) as string,
      })
    })
  })

  it('without the right to a ledger says so, and works with one beside the target', async () => {
    await shop.pool.query(`create role ${shop.name}_guest login password 'pw'`)
    await shop.pool.query(
      `alter table orders owner to ${shop.name}_guest; grant create on schema public to ${shop.name}_guest`,
    )
    const guest = new URL(shop.url)
    guest.username = `${shop.name}_guest`
    guest.password = 'pw'
    const own = await connectPool(guest.href, { max: 3 })
    try {
      const sql =
        'alter table orders add total int; create index concurrently orders_note_idx on orders (note)'
      await expect(shop.apply(sql, { target: own })).rejects.toMatchObject({ code: 'migration.no-ledger' })
      const ledger = fileLedger(join(server.home, `${shop.name}.json`), () => 7)
      expect(await shop.apply(sql, { target: own, ledger })).toMatchObject({ state: 'done' })
      expect(await shop.apply(sql, { target: own, ledger })).toMatchObject({ state: 'already' })
      await shop.pool.query('create schema esa_control; create table esa_control.freeze (reason text)')
      // Who may not look at the flag must not take it for lowered.
      await expect(rollBackMigrations(shop.ports({ target: own, ledger }))).rejects.toMatchObject({
        code: 'migration.frozen',
      })
      await shop.pool.query('drop schema esa_control cascade')
      await rollBackMigrations(shop.ports({ target: own, ledger }))
      expect(await shop.one(`select count(*)::int from pg_indexes where indexname = 'orders_note_idx'`)).toBe(
        0,
      )
    } finally {
      await own.end()
    }
  })

  it('refuses a target that cannot be written', async () => {
    await shop.pool.query(`alter database ${shop.name} set default_transaction_read_only = on`)
    const reader = await connectPool(shop.url, { max: 2 })
    await expect(shop.apply('select 1', { target: reader })).rejects.toMatchObject({
      code: 'database.read-only',
    })
    await reader.end()
  })

  it('stops between two steps on request, and goes on later', async () => {
    const stop = new AbortController()
    const onEvent = ({ type }: ApplyEvent): void => {
      if (type === 'stepped') stop.abort()
    }
    const sql = 'alter table orders add a int; alter table orders add b int'
    await expect(shop.apply(sql, { onEvent, stop: stop.signal })).rejects.toMatchObject({
      code: 'migration.interrupted',
    })
    expect(await shop.apply(sql)).toMatchObject({ steps: [{ id: 'statement-2' }] })
  })

  it('counts nothing without track_counts: what does more than add is refused before the first step', async () => {
    await shop.pool.query(`alter database ${shop.name} set track_counts = off`)
    const uncounted = await connectPool(shop.url, { max: 2 })
    try {
      for (const sql of ['delete from orders where id = 7', 'do $$ begin delete from orders; end $$'])
        await expect(
          shop.apply(`alter table orders add a int; ${sql}`, { target: uncounted }),
        ).rejects.toMatchObject({ code: 'migration.uncounted' })
      expect(await shop.one(`select count(*)::int from orders`)).toBe(500)
      expect(
        await shop.one(`select to_regclass('esa_migrations.step') is null and not exists (select from pg_attribute
        where attrelid = 'orders'::regclass and attname = 'a')`),
      ).toBe(true)
      const added = shop.apply('alter table orders add a int', { target: uncounted })
      expect(await added).toMatchObject({ state: 'done' })
    } finally {
      await uncounted.end()
    }
  })

  it('asks before every step, with its risk', async () => {
    const asked: unknown[] = []
    const authorise: ApplyPorts['authorise'] = async ({ risk }) => {
      asked.push(risk)
      if (risk === 'destructive') throw new EsaError('approval.missing', 'terminal', 'no')
    }
    const sql = 'alter table orders add a int; alter table orders rename a to b; drop table orders'
    await expect(shop.apply(sql, { authorise })).rejects.toMatchObject({ code: 'approval.missing' })
    expect(asked).toEqual(['additive', 'major', 'destructive'])
    expect(await shop.one('select count(*)::int from orders')).toBe(500)
  })
})
