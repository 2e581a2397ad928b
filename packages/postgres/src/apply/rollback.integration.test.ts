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
import type { Pool } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { type ApplyEvent, applyMigration, type ApplyPorts } from './apply-migration.ts'
import { scriptMigration } from './migration.ts'
import { rollBackMigrations } from './rollback.ts'
import { targetLedger } from './target-ledger.ts'

let home: string
let admin: string
let pool: Pool
let databases = 0
let events: ApplyEvent[]

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

async function one(sql: string): Promise<unknown> {
  const { rows } = await pool.query<Record<string, unknown>>(sql)
  return Object.values(rows[0] ?? {})[0]
}

describe('a rollback', () => {
  const shape = `select string_agg(attname || ' ' || format_type(atttypid, atttypmod) || attnotnull, ', ' order by attnum)
    from pg_attribute where attrelid = 'orders'::regclass and attnum > 0 and not attisdropped`

  it('goes back to what was, in reverse, and lets it be applied again', async () => {
    const before = await one(shape)
    const sql = `alter table orders alter note set not null, alter note set default 'x'; alter table orders rename note to text;
      create index concurrently orders_text_idx on orders (text); alter table orders alter id type bigint; create table more (i int); insert into more values (1);
      alter table orders add extra int; update orders set extra = 7 where id > 0;
      create view v as select * from orders; drop view v`
    await apply(sql)
    const after = await one(shape)
    expect(await rollBackMigrations(ports())).toMatchObject([{ id: '0001.sql' }])
    expect(await one(shape)).toBe(before)
    expect(await one(`select to_regclass('more')`)).toBeNull()
    await apply(sql)
    expect(await one(shape)).toBe(after)
  })

  it('undoes nothing of a migration of which something cannot be undone', async () => {
    await apply('alter table orders add a int; alter table orders drop column a')
    await expect(rollBackMigrations(ports())).rejects.toMatchObject({
      code: 'migration.not-reversible',
      details: { steps: ['statement-2'] },
    })
  })

  it('asks for everything first, goes on after an end, and is no applied migration half-way', async () => {
    const sql =
      'alter table orders add a int; create table more (i int); create index concurrently orders_note_idx on orders (note)'
    await apply(sql)
    await pool.query('insert into more values (1)')
    const authorise: ApplyPorts['authorise'] = async ({ risk }) => {
      if (risk === 'destructive') throw new EsaError('approval.missing', 'terminal', 'no')
    }
    await expect(rollBackMigrations(ports({ authorise }))).rejects.toMatchObject({ code: 'approval.missing' })
    expect(events.filter(({ step }) => step.about.startsWith('undo'))).toEqual([])
    const stop = new AbortController()
    const onEvent = (): void => stop.abort()
    const stopped = rollBackMigrations(ports({ onEvent, stop: stop.signal }))
    await expect(stopped).rejects.toMatchObject({ code: 'migration.interrupted' })
    expect(await apply(sql)).toMatchObject({ steps: [{ id: 'statement-3' }] })
    await rollBackMigrations(ports())
    expect(await one(`select state from esa_migrations.migration`)).toBe('undone')
  })

  it('goes by a script of its own, and to the migration that is named', async () => {
    await applyMigration(await scriptMigration('0001.sql', 'alter table orders add a int'), ports())
    await applyMigration(
      await scriptMigration(
        '0002.sql',
        'insert into orders values (900); create index concurrently orders_note_idx on orders (note)',
        'drop index concurrently orders_note_idx; delete from orders where id = 900',
      ),
      ports(),
    )
    await applyMigration(await scriptMigration('0003.sql', 'alter table orders add c int'), ports())
    expect(await rollBackMigrations(ports(), '0001.sql')).toMatchObject([
      { id: '0003.sql' },
      { id: '0002.sql' },
    ])
    expect(await one('select count(*)::int from orders')).toBe(500)
    await expect(rollBackMigrations(ports(), '0009.sql')).rejects.toMatchObject({ code: 'migration.unknown' })
  })
})
