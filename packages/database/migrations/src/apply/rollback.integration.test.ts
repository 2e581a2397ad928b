import { join } from 'node:path'
import { EsaError } from '@esa/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { applyMigration, type ApplyPorts } from './apply-migration.ts'
import { fileLedger } from './ledger/file-ledger.ts'
import type { Ledger } from './ledger/ledger.ts'
import { scriptMigration } from '../plan/steps/migration.ts'
import { rollBackMigrations } from './rollback.ts'
import { Shop } from '../../testing/shop.ts'

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

  it('undoes nothing of a migration with a part that cannot be undone', async () => {
    await shop.apply('alter table orders add a int; alter table orders drop column a')
    await expect(rollBackMigrations(shop.ports())).rejects.toMatchObject({
      code: 'migration.not-reversible',
      details: { steps: ['statement-2'] },
    })
  })

  it('asks for everything first, goes on after an end, and does not count as applied half-way', async () => {
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

  it('of what was renamed asks as for what holds rows', async () => {
    await shop.apply('create table more (i int); alter table more rename to fewer')
    const asked: string[] = []
    const authorise: ApplyPorts['authorise'] = async ({ risk }) => void asked.push(risk)
    await rollBackMigrations(shop.ports({ authorise }))
    expect(asked).toEqual(['major', 'destructive'])
    expect(await shop.one(`select to_regclass('more')`)).toBeNull()
  })

  it('by a script of its own lets everything be applied again', async () => {
    const add = 'alter table orders add a int'
    for (const round of [1, 2]) {
      expect([round, await shop.apply(add, {}, 'alter table orders drop column a')]).toMatchObject([
        round,
        { state: 'done', steps: [{ id: 'statement-1' }] },
      ])
      await rollBackMigrations(shop.ports())
    }
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

describe('a rollback that ended half-way', () => {
  const sql = 'alter table orders add a int; create index concurrently orders_note_idx on orders (note)'
  const down = 'drop index concurrently orders_note_idx; alter table orders drop column a'
  const there = `select concat(to_regclass('orders_note_idx'), ' ', (select attname from pg_attribute where attrelid = 'orders'::regclass and attname = 'a'))`

  async function stopped(ports: Partial<ApplyPorts> = {}): Promise<void> {
    const stop = new AbortController()
    const onEvent = (): void => stop.abort()
    const rollback = rollBackMigrations(shop.ports({ ...ports, onEvent, stop: stop.signal }))
    await expect(rollback).rejects.toMatchObject({ code: 'migration.interrupted' })
  }

  it('by a script of its own is gone to its end before anything is applied', async () => {
    await shop.apply(sql, {}, down)
    await stopped()
    expect(await shop.one(there)).toBe(' a')
    await expect(shop.apply(sql, {}, down)).rejects.toMatchObject({
      code: 'migration.being-undone',
      hint: expect.stringContaining('esa db migrate rollback') as string,
    })
    expect(await rollBackMigrations(shop.ports())).toMatchObject([{ steps: [{ id: 'down-2' }] }])
    expect(await shop.one(there)).toBe(' ')
    expect(await shop.apply(sql, {}, down)).toMatchObject({ state: 'done', steps: [{}, {}] })
    expect(await shop.one(there)).toBe('orders_note_idx a')
  })

  it('behind its last step is gone to its end as well', async () => {
    const ends = 'alter table orders drop column a'
    await shop.apply('alter table orders add a int', {}, ends)
    await rollBackMigrations(shop.ports())
    await shop.pool.query(`update esa_migrations.migration set state = 'started'`)
    await expect(shop.apply('alter table orders add a int', {}, ends)).rejects.toMatchObject({
      code: 'migration.being-undone',
    })
    expect(await rollBackMigrations(shop.ports())).toMatchObject([{ steps: [] }])
    expect(await shop.apply('alter table orders add a int', {}, ends)).toMatchObject({ steps: [{}] })
  })

  it('by a statement that failed as a whole was not begun', async () => {
    const ledger = fileLedger(join(server.home, `${shop.name}.json`), () => 7)
    for (const more of [{}, { ledger }]) {
      await shop.apply('alter table orders add a int', more, 'drop table nowhere')
      await expect(rollBackMigrations(shop.ports(more))).rejects.toMatchObject({
        code: 'migration.step-failed',
      })
      expect(await shop.apply('alter table orders add a int', more, 'drop table nowhere')).toMatchObject({
        state: 'done',
        steps: [],
      })
      await shop.pool.query('alter table orders drop column a')
    }
  })

  describe('with the record beside the target', () => {
    const KILLED = { message: expect.stringContaining('killed') as string }

    /** A ledger whose process is killed before it writes that a step has come to `end`. */
    function killed(end: 'done' | 'undone'): { ledger: Ledger; dying: Ledger } {
      const ledger = fileLedger(join(server.home, `${shop.name}.json`), () => 7)
      const mark: Ledger['mark'] = async (...all) => {
        if (all[3].state === end) throw new EsaError('database.unreachable', 'transient', 'killed')
        await ledger.mark(...all)
      }
      return { ledger, dying: { ...ledger, mark } }
    }

    it('goes back from a step whose record was not reached', async () => {
      const { ledger, dying } = killed('done')
      const add = 'alter table orders add a int'
      await expect(shop.apply(add, { ledger: dying })).rejects.toMatchObject(KILLED)
      await rollBackMigrations(shop.ports({ ledger }))
      expect(await shop.one(there)).toBe(' ')
      expect(await shop.apply(add, { ledger })).toMatchObject({ state: 'done', steps: [{}] })
    })

    it('is not taken for what it undid', async () => {
      const { ledger, dying } = killed('undone')
      const add = 'alter table orders add a int'
      await shop.apply(add, { ledger })
      await expect(rollBackMigrations(shop.ports({ ledger: dying }))).rejects.toMatchObject(KILLED)
      expect(await shop.one(there)).toBe(' ')
      await shop.apply(add, { ledger })
      expect(await shop.one(there)).toBe(' a')
    })

    it('by a script of its own goes on behind what is committed', async () => {
      const { ledger, dying } = killed('undone')
      await shop.apply(sql, { ledger }, down)
      await expect(rollBackMigrations(shop.ports({ ledger: dying }))).rejects.toMatchObject(KILLED)
      await expect(shop.apply(sql, { ledger }, down)).rejects.toMatchObject({
        code: 'migration.being-undone',
      })
      await rollBackMigrations(shop.ports({ ledger }))
      expect(await shop.one(there)).toBe(' ')
    })
  })
})
