import { EsaError } from '@esa/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ownServer } from '../own-server.fixture.ts'
import { applyMigration, type ApplyPorts } from './apply-migration.ts'
import { scriptMigration } from './migration.ts'
import { rollBackMigrations } from './rollback.ts'
import { Shop } from './shop.fixture.ts'

const server = ownServer()
let shop: Shop

beforeEach(async () => {
  shop = await Shop.open(server)
})
afterEach(() => shop.pool.end())

describe('a rollback', () => {
  const shape = `select string_agg(attname || ' ' || format_type(atttypid, atttypmod) || attnotnull, ', ' order by attnum)
    from pg_attribute where attrelid = 'orders'::regclass and attnum > 0 and not attisdropped`

  it('goes back to what was, in reverse, and lets it be applied again', async () => {
    const before = await shop.one(shape)
    const sql = `alter table orders alter note set not null, alter note set default 'x'; alter table orders rename note to text;
      create index concurrently orders_text_idx on orders (text); alter table orders alter id type bigint; create table more (i int); insert into more values (1);
      alter table orders add extra int; update orders set extra = 7 where id > 0;
      create view v as select * from orders; drop view v`
    await shop.apply(sql)
    const after = await shop.one(shape)
    expect(await rollBackMigrations(shop.ports())).toMatchObject([{ id: '0001.sql' }])
    expect(await shop.one(shape)).toBe(before)
    expect(await shop.one(`select to_regclass('more')`)).toBeNull()
    await shop.apply(sql)
    expect(await shop.one(shape)).toBe(after)
  })

  it('undoes nothing of a migration of which something cannot be undone', async () => {
    await shop.apply('alter table orders add a int; alter table orders drop column a')
    await expect(rollBackMigrations(shop.ports())).rejects.toMatchObject({
      code: 'migration.not-reversible',
      details: { steps: ['statement-2'] },
    })
  })

  it('asks for everything first, goes on after an end, and is no applied migration half-way', async () => {
    const sql =
      'alter table orders add a int; create table more (i int); create index concurrently orders_note_idx on orders (note)'
    await shop.apply(sql)
    await shop.pool.query('insert into more values (1)')
    const authorise: ApplyPorts['authorise'] = async ({ risk }) => {
      if (risk === 'destructive') throw new EsaError('approval.missing', 'terminal', 'no')
    }
    await expect(rollBackMigrations(shop.ports({ authorise }))).rejects.toMatchObject({
      code: 'approval.missing',
    })
    expect(shop.events.filter(({ step }) => step.about.startsWith('undo'))).toEqual([])
    const stop = new AbortController()
    const onEvent = (): void => stop.abort()
    const stopped = rollBackMigrations(shop.ports({ onEvent, stop: stop.signal }))
    await expect(stopped).rejects.toMatchObject({ code: 'migration.interrupted' })
    expect(await shop.apply(sql)).toMatchObject({ steps: [{ id: 'statement-3' }] })
    await rollBackMigrations(shop.ports())
    expect(await shop.one(`select state from esa_migrations.migration`)).toBe('undone')
  })

  it('goes by a script of its own, and to the migration that is named', async () => {
    await applyMigration(await scriptMigration('0001.sql', 'alter table orders add a int'), shop.ports())
    await applyMigration(
      await scriptMigration(
        '0002.sql',
        'insert into orders values (900); create index concurrently orders_note_idx on orders (note)',
        'drop index concurrently orders_note_idx; delete from orders where id = 900',
      ),
      shop.ports(),
    )
    await applyMigration(await scriptMigration('0003.sql', 'alter table orders add c int'), shop.ports())
    expect(await rollBackMigrations(shop.ports(), '0001.sql')).toMatchObject([
      { id: '0003.sql' },
      { id: '0002.sql' },
    ])
    expect(await shop.one('select count(*)::int from orders')).toBe(500)
    await expect(rollBackMigrations(shop.ports(), '0009.sql')).rejects.toMatchObject({
      code: 'migration.unknown',
    })
  })
})
