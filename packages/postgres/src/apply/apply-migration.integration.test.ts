import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  connectPool,
  createDatabase,
  ensureEmbeddedServer,
  stopEmbeddedServer,
  withDatabase,
} from '@esa/pg-server'
import { EsaError } from '@esa/protocol'
import type { Pool, PoolClient } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../clock.ts'
import { type ApplyEvent, applyMigration, type ApplyPorts } from './apply-migration.ts'
import { fileLedger } from './file-ledger.ts'
import { scriptMigration } from './migration.ts'
import { rollBackMigrations } from './rollback.ts'
import { targetLedger } from './target-ledger.ts'
import { clearBefore } from './unattended.ts'

let home: string
let admin: string
let pool: Pool
let databases = 0
let events: ApplyEvent[]

/** Pauses are over at once, and each takes the time it was asked for: what waits for minutes is tested in a moment. */
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

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-apply-'))
  admin = (await ensureEmbeddedServer({ home })).adminUrl
})
afterAll(async () => {
  await stopEmbeddedServer({ home, mode: 'immediate' })
  await rm(home, { recursive: true, force: true })
})
beforeEach(async () => {
  databases += 1
  events = []
  await createDatabase(admin, `shop_${databases}`)
  pool = await connectPool(url(), { max: 4, applicationName: 'shop' })
  await pool.query(`create table orders (id int primary key, note text);
    insert into orders select g, 'note ' || g from generate_series(1, 500) g`)
})
afterEach(() => pool.end())

function url(): string {
  return withDatabase(admin, `shop_${databases}`)
}

function ports(more: Partial<ApplyPorts> = {}): ApplyPorts {
  return {
    target: pool,
    ledger: targetLedger,
    by: 'ada',
    authorise: async () => {},
    clock: systemClock,
    random: () => 0.5,
    onEvent: (event) => events.push(event),
    ...more,
  }
}

async function apply(sql: string, more: Partial<ApplyPorts> = {}, down: string | null = null) {
  return await applyMigration(await scriptMigration('0001.sql', sql, down), ports(more))
}

/** Runs `work` while another session is in a transaction that it began with `sql`. */
async function beside<T>(sql: string, work: (other: PoolClient) => Promise<T>): Promise<T> {
  const other = await pool.connect()
  try {
    await other.query('begin')
    await other.query(sql)
    return await work(other)
  } finally {
    await other.query('rollback')
    other.release()
  }
}

async function one(sql: string): Promise<unknown> {
  const { rows } = await pool.query<Record<string, unknown>>(sql)
  return Object.values(rows[0] ?? {})[0]
}

describe('an apply', () => {
  it('goes step by step, remembers what is done, and refuses what was changed behind it', async () => {
    const sql = 'alter table orders add total int; create index concurrently orders_note_idx on orders (note)'
    expect(await apply(sql)).toMatchObject({
      state: 'done',
      steps: [{ id: 'statement-1' }, { id: 'statement-2' }],
      verification: { state: 'verified' },
    })
    expect(await apply(sql)).toMatchObject({ state: 'already', steps: [] })
    await expect(apply(`${sql}; select 1`)).rejects.toMatchObject({ code: 'migration.changed' })
  })

  it('goes on behind the step that failed, once that is mended', async () => {
    const first = 'create table notes (id int); insert into notes values (1)'
    await expect(apply(`${first}; insert into nowhere values (1)`)).rejects.toMatchObject({
      code: 'migration.step-failed',
    })
    expect(await apply(`${first}; insert into notes values (2)`)).toMatchObject({
      steps: [{ id: 'statement-3' }],
    })
    expect(await one('select string_agg(id::text, $$ $$ order by id) from notes')).toBe('1 2')
  })

  it('keeps what a file sets for the session that goes on', async () => {
    const first = 'create schema app; set search_path = app; create table a (i int)'
    await expect(apply(`${first}; select 1 / 0`)).rejects.toMatchObject({ code: 'migration.step-failed' })
    await apply(`${first}; create table b (i int)`)
    expect(await one(`select count(*)::int from pg_tables where schemaname = 'app'`)).toBe(2)
  })

  it('gives up a lock within its budget, again and again, names who is in the way, and leaves nothing', async () => {
    const budget = { lockMs: 60, attempts: 3 }
    const failed = await beside(`update orders set note = 'secret' where id = 4711`, () =>
      apply('alter table orders add total int', {
        budget,
        clock: { ...systemClock, pause: (ms) => systemClock.pause(ms / 5) },
      }).catch((error: unknown) => error),
    )
    expect(failed).toMatchObject({ code: 'migration.locked', kind: 'transient', details: { attempts: 3 } })
    const { message } = failed as EsaError
    expect(message).toMatch(/pid \d+ of postgres \(shop\), idle in transaction/)
    expect(message).toContain('update orders set note = ? where id = ?')
    expect(events.filter(({ type }) => type === 'retry')).toHaveLength(2)
    expect(await one(`select count(*)::int from pg_locks where relation = 'orders'::regclass`)).toBe(0)
    expect(await apply('alter table orders add total int')).toMatchObject({ state: 'done' })
  })

  it('is cancelled and undone when others wait for it too long', async () => {
    const sql = 'begin; alter table orders add total int; select pg_sleep(30); commit'
    const applying = apply(sql, { budget: { blockMs: 300 } }).catch((error: unknown) => error)
    const locked = `select exists (select from pg_locks where relation = 'orders'::regclass and mode = 'AccessExclusiveLock' and granted) as locked`
    while ((await one(locked)) !== true) continue
    await pool.query(`insert into orders values (501, 'in time')`)
    expect(await applying).toMatchObject({ code: 'migration.blocks-others' })
    expect(
      await one(
        `select count(*)::int from pg_attribute where attrelid = 'orders'::regclass and attname = 'total'`,
      ),
    ).toBe(0)
  })

  it('clears an INVALID index before it builds, and after it failed to', async () => {
    await pool.query('insert into orders values (0, $$note 1$$)')
    const sql = 'create unique index concurrently orders_note_key on orders (note)'
    const invalid = `select count(*)::int from pg_index where not indisvalid`
    await expect(apply(sql)).rejects.toMatchObject({ code: 'migration.step-failed' })
    expect(await one(invalid)).toBe(0)
    await pool.query(sql).catch(() => undefined)
    expect(await one(invalid)).toBe(1)
    await pool.query('delete from orders where id = 0')
    await apply(sql)
    expect(await one(`select indisvalid from pg_index where indexrelid = 'orders_note_key'::regclass`)).toBe(
      true,
    )
  })

  it('knows what a broken try of a step outside of transactions has done', async () => {
    await pool.query(`create type mood as enum ('sad'); create table log (i int) partition by list (i);
      create table log_1 partition of log for values in (1); create index log_1_i on log_1 (i)`)
    const found = (sql: string) => clearBefore(pool, sql, true)
    expect(await found(`alter type mood add value 'glad'`)).toBe('ready')
    expect(await found(`alter type mood add value 'sad'`)).toBe('done')
    expect(await found('alter table log detach partition log_1 concurrently')).toBe('ready')
    await pool.query('alter table log detach partition log_1')
    expect(await found('alter table log detach partition log_1 concurrently')).toBe('done')
    expect(await found('drop index concurrently log_1_i')).toBe('ready')
    await pool.query('drop index log_1_i')
    expect(await found('drop index concurrently log_1_i')).toBe('done')
    expect(await found('create index concurrently log_1_i on log_1 (i)')).toBe('ready')
  })

  it('does nothing more once the target is frozen', async () => {
    await pool.query(`create schema esa_control; create table esa_control.freeze (reason text);
      insert into esa_control.freeze values ('the CEO looks into it')`)
    await expect(apply('alter table orders add total int')).rejects.toMatchObject({
      code: 'migration.frozen',
      message: expect.stringContaining('the CEO looks into it') as string,
    })
    await pool.query('delete from esa_control.freeze')
    expect(await apply('alter table orders add total int')).toMatchObject({ state: 'done' })
  })

  it('is alone on its target', async () => {
    await beside('select pg_advisory_xact_lock(6648673, 1835624306)', async () => {
      const second = apply('alter table orders add total int', { clock: hurriedClock() })
      await expect(second).rejects.toMatchObject({
        code: 'migration.being-applied',
        message: expect.stringMatching(/pid \d+ of postgres/) as string,
      })
    })
  })

  it('without the right to a ledger says so, and works with one beside the target', async () => {
    await pool.query(`create role guest_${databases} login password 'pw'`)
    await pool.query(
      `alter table orders owner to guest_${databases}; grant create on schema public to guest_${databases}`,
    )
    const guest = new URL(url())
    guest.username = `guest_${databases}`
    guest.password = 'pw'
    const own = await connectPool(guest.href, { max: 3 })
    try {
      const sql =
        'alter table orders add total int; create index concurrently orders_note_idx on orders (note)'
      await expect(apply(sql, { target: own })).rejects.toMatchObject({ code: 'migration.no-ledger' })
      const ledger = fileLedger(join(home, `ledger-${databases}.json`), () => 7)
      expect(await apply(sql, { target: own, ledger })).toMatchObject({ state: 'done' })
      expect(await apply(sql, { target: own, ledger })).toMatchObject({ state: 'already' })
      await pool.query('create schema esa_control; create table esa_control.freeze (reason text)')
      // Who may not look at the flag must not take it for lowered.
      await expect(rollBackMigrations(ports({ target: own, ledger }))).rejects.toMatchObject({
        code: 'migration.frozen',
      })
      await pool.query('drop schema esa_control cascade')
      await rollBackMigrations(ports({ target: own, ledger }))
      expect(await one(`select count(*)::int from pg_indexes where indexname = 'orders_note_idx'`)).toBe(0)
    } finally {
      await own.end()
    }
  })

  it('refuses a target that cannot be written', async () => {
    await pool.query(`alter database shop_${databases} set default_transaction_read_only = on`)
    const reader = await connectPool(url(), { max: 2 })
    await expect(apply('select 1', { target: reader })).rejects.toMatchObject({ code: 'database.read-only' })
    await reader.end()
  })

  it('stops between two steps when it is asked to, and goes on later', async () => {
    const stop = new AbortController()
    const onEvent = ({ type }: ApplyEvent): void => {
      if (type === 'stepped') stop.abort()
    }
    const sql = 'alter table orders add a int; alter table orders add b int'
    await expect(apply(sql, { onEvent, stop: stop.signal })).rejects.toMatchObject({
      code: 'migration.interrupted',
    })
    expect(await apply(sql)).toMatchObject({ steps: [{ id: 'statement-2' }] })
  })

  it('asks before every step, with its risk', async () => {
    const asked: unknown[] = []
    const authorise: ApplyPorts['authorise'] = async ({ risk }) => {
      asked.push(risk)
      if (risk === 'destructive') throw new EsaError('approval.missing', 'terminal', 'no')
    }
    const sql = 'alter table orders add a int; alter table orders rename a to b; drop table orders'
    await expect(apply(sql, { authorise })).rejects.toMatchObject({ code: 'approval.missing' })
    expect(asked).toEqual(['additive', 'major', 'destructive'])
    expect(await one('select count(*)::int from orders')).toBe(500)
  })
})

describe('the values that a step touches', () => {
  it('are compared in its transaction: one that is lost is not lost', async () => {
    await expect(apply(`update orders set note = 'x' where id = 7`)).rejects.toMatchObject({
      code: 'migration.data-loss',
      details: { mismatches: [{ relation: 'public.orders', column: 'note' }], lost: false },
    })
    expect(await one('select note from orders where id = 7')).toBe('note 7')
  })

  it('may be filled where there were none, and widened', async () => {
    const sql =
      'alter table orders add a int; update orders set a = id where id > 0; alter table orders alter a type bigint, alter id type text'
    expect(await apply(sql)).toMatchObject({ verification: { state: 'verified' } })
  })

  it('of rows that follow others count as well', async () => {
    await pool.query(
      'create table items (order_id int references orders on delete cascade); insert into items values (7)',
    )
    await expect(apply('delete from orders where id = 7')).rejects.toMatchObject({
      code: 'migration.data-loss',
      details: { mismatches: [{ relation: 'public.items' }] },
    })
  })

  it('are unverified, never verified, where nobody can tell, and where a loss is meant', async () => {
    expect(await apply(`do $$ begin delete from orders where id = 3; end $$`)).toMatchObject({
      verification: { state: 'unverified' },
    })
    const meant = await applyMigration(
      await scriptMigration('0002.sql', `update orders set note = 'x' where id = 7`),
      ports({ acceptLoss: true }),
    )
    expect(meant.verification).toMatchObject({
      state: 'unverified',
      why: expect.stringContaining('public.orders.note') as string,
    })
  })

  it.each([
    ['a view', 'create view v as select * from orders', `update v set note = note where id = 7`],
    [
      'a trigger',
      `create function f() returns trigger language plpgsql as $$ begin return null; end $$;
       create trigger t after update on orders for each row execute function f()`,
      `update orders set note = note where id = 7`,
    ],
  ])('behind %s are unverified', async (_, before, sql) => {
    await pool.query(before)
    expect(await apply(sql)).toMatchObject({ verification: { state: 'unverified' } })
  })

  it('are missed when they change places, also beside a column that holds nothing', async () => {
    await pool.query('alter table orders add empty text')
    const sql = `update orders o set note = p.note from orders p where p.id = 501 - o.id and o.id > 0`
    await expect(apply(sql)).rejects.toMatchObject({
      details: { mismatches: [{ relation: 'public.orders', why: 'values changed places between rows' }] },
    })
  })

  describe('of a large table are compared before and after', () => {
    const large = `create table large as select g as id, repeat('x', 400) || g as note from generate_series(1, 45000) g`
    const lossy = `update large set note = 'y' where id = 7`

    it('and a loss is on record, with the step that is done and nothing after it', async () => {
      await pool.query(large)
      const loses = apply(`${lossy}; alter table large add a int`)
      await expect(loses).rejects.toMatchObject({ code: 'migration.data-loss', details: { lost: true } })
      expect(await one('select note from large where id = 7')).toBe('y')
      expect(await one(`select verification->>'state' from esa_migrations.migration`)).toBe('lost')
      expect(await one(`select state from esa_migrations.step where step = 'statement-1'`)).toBe('done')
    })

    it('but who writes meanwhile leaves it unverified', async () => {
      await pool.query(large)
      const applying = apply(`begin; ${lossy}; select pg_sleep(0.5); commit`)
      const writes = `select exists (select from pg_locks where relation = 'large'::regclass and mode = 'RowExclusiveLock') as writes`
      while ((await one(writes)) !== true) continue
      await pool.query(`insert into orders values (1000, '')`)
      const { verification } = await applying
      expect(verification).toMatchObject({
        state: 'unverified',
        why: expect.stringContaining('others wrote') as string,
      })
    })
  })

  it('stay as they are when a copy has lost some', async () => {
    const verified = { state: 'lost', why: 'orders.note' } as const
    await expect(apply('alter table orders add a int', { verified })).rejects.toMatchObject({
      code: 'migration.data-loss',
    })
  })
})
