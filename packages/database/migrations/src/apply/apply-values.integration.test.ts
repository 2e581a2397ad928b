import { EsaError } from '@esa/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { type Phase, sealPlan, type VerifyStep } from '../plan/model/plan.ts'
import { applyMigration, type ApplyPorts } from './apply-migration.ts'
import { planMigration, scriptMigration } from '../plan/steps/migration.ts'
import { Shop } from '../../testing/shop.ts'

const server = ownServer()
let shop: Shop

beforeEach(async () => {
  shop = await Shop.open(server)
})
afterEach(() => shop.pool.end())

describe('the values that a step touches', () => {
  /** Approves what is not measured to take anything, and lists what was requested. */
  function refusingMeasured(): { authorise: ApplyPorts['authorise']; texts: string[] } {
    const texts: string[] = []
    const authorise: ApplyPorts['authorise'] = async ({ text }) => {
      texts.push(text)
      if (text.includes('-- measured: ')) throw new EsaError('approval.missing', 'terminal', 'no')
    }
    return { authorise, texts }
  }

  it('are compared in its transaction: one that is overwritten takes an approval', async () => {
    const { authorise } = refusingMeasured()
    const sql = `update orders set note = 'x' where id = 7`
    await expect(shop.apply(sql, { authorise })).rejects.toMatchObject({
      code: 'approval.missing',
      details: { measured: ['at most 1 rows of public.orders are overwritten'] },
    })
    expect(await shop.one('select note from orders where id = 7')).toBe('note 7')
  })

  it('may be filled where there were none, and widened', async () => {
    const sql =
      'alter table orders add a int; update orders set a = id where id > 0; alter table orders alter a type bigint, alter id type text'
    expect(await shop.apply(sql)).toMatchObject({ verification: { state: 'verified' } })
  })

  it('of rows that follow others count as well', async () => {
    await shop.pool.query(
      'create table items (order_id int references orders on delete cascade); insert into items values (7)',
    )
    const sql = 'delete from orders where id = 7'
    const { authorise, texts } = refusingMeasured()
    await expect(shop.apply(sql, { authorise })).rejects.toMatchObject({
      code: 'approval.missing',
      details: {
        measured: [
          'at most 1 rows of public.items are deleted',
          'at most 1 rows of public.orders are deleted',
        ],
      },
    })
    expect(await shop.one('select count(*)::int from items')).toBe(1)
    // What was measured is on record, is requested before the first step from then on, and is what may happen.
    const known: string[] = []
    const requireApprovals: ApplyPorts['requireApprovals'] = async (steps) =>
      void known.push(...steps.map(({ text }) => text))
    expect(await shop.apply(sql, { requireApprovals })).toMatchObject({
      verification: { state: 'unverified' },
    })
    expect([known, await shop.one('select count(*)::int from items')]).toEqual([[texts.at(-1)], 0])
  })

  it('are unverified, never verified, where a loss was approved', async () => {
    expect(await shop.apply(`do $$ begin delete from orders where id = 3; end $$`)).toMatchObject({
      verification: { state: 'unverified' },
    })
    const meant = await applyMigration(
      await scriptMigration('0002.sql', `update orders set note = 'x' where id = 7`),
      shop.ports(),
    )
    expect(meant.verification).toMatchObject({
      state: 'unverified',
      why: expect.stringContaining('public.orders') as string,
    })
  })

  it.each([
    ['a view', 'create view v as select * from orders', `update v set note = note where id = 7`, 'verified'],
    [
      'a trigger',
      `create function f() returns trigger language plpgsql as $$ begin return null; end $$;
       create trigger t after update on orders for each row execute function f()`,
      `update orders set note = note where id = 7`,
      'counted',
    ],
  ])('behind %s are compared as well', async (_, before, sql, state) => {
    await shop.pool.query(before)
    expect(await shop.apply(sql)).toMatchObject({ verification: { state } })
  })

  it('are missed when they change places, also beside a column that holds nothing', async () => {
    await shop.pool.query('alter table orders add empty text')
    const sql = `update orders o set note = p.note from orders p where p.id = 501 - o.id and o.id > 0`
    const { authorise } = refusingMeasured()
    await expect(shop.apply(sql, { authorise })).rejects.toMatchObject({ code: 'approval.missing' })
    expect(await shop.one('select note from orders where id = 7')).toBe('note 7')
  })

  it('of more than a million rows are not compared: what is overwritten there takes an approval', async () => {
    await shop.pool.query(
      'create table large as select g as id, null as note from generate_series(1, 1000001) g',
    )
    const { authorise } = refusingMeasured()
    const sql = `update large set note = 'y' where id = 7`
    await expect(shop.apply(sql, { authorise })).rejects.toMatchObject({
      details: { measured: ['at most 1 rows of public.large are overwritten'] },
    })
    // A copy of all rows has shown that they are all kept.
    const verified = { state: 'verified', why: 'on a copy' } as const
    expect(await shop.apply(sql, { authorise, verified })).toMatchObject({ state: 'done' })
  })

  it('that a copy has lost are named before the first step, and no more than these may go', async () => {
    const sql = `alter table orders add a int; update orders set note = 'x' where id <= 9`
    const effect = { what: 'overwritten', relation: 'public.orders', column: null, atMost: 10 } as const
    const verified = { state: 'lost', why: 'orders.note', effects: { 'statement-2': [effect] } } as const
    const requireApprovals: ApplyPorts['requireApprovals'] = async (steps) => {
      const taking = steps.filter(({ risk }) => risk === 'destructive').map(({ text }) => text)
      throw new EsaError('approval.missing', 'terminal', taking.join())
    }
    const named = `update orders set note = 'x' where id <= 9\n-- measured: at most 10 rows of public.orders are overwritten`
    const onCopy = { ...verified, effects: { 'statement-2': [effect] } }
    await expect(shop.apply(sql, { verified: onCopy, requireApprovals })).rejects.toMatchObject({
      message: named,
    })
    expect(
      await shop.one(
        `select count(*)::int from pg_attribute where attrelid = 'orders'::regclass and attname = 'a'`,
      ),
    ).toBe(0)
    // More rows than the copy had: what is approved is another thing.
    await shop.pool.query('update orders set id = id - 600 where id > 400')
    const asked: string[] = []
    const authorise: ApplyPorts['authorise'] = async ({ text }) => {
      asked.push(text)
      if (text.includes('at most 1000 ')) throw new EsaError('approval.missing', 'terminal', 'no')
    }
    await expect(shop.apply(sql, { verified: onCopy, authorise })).rejects.toMatchObject({
      code: 'approval.missing',
      details: { measured: ['at most 1000 rows of public.orders are overwritten'] },
    })
    expect(asked.at(-2)).toBe(named)
    expect(await shop.one(`select count(*)::int from orders where note = 'x'`)).toBe(0)
  })

  it('that a copy has lost nowhere to be seen take an approval of every step', async () => {
    const verified = { state: 'lost', why: 'orders.note' } as const
    const requireApprovals: ApplyPorts['requireApprovals'] = async (steps) => {
      throw new EsaError('approval.missing', 'terminal', steps.map(({ risk }) => risk).join())
    }
    await expect(
      shop.apply('alter table orders add a int', { verified, requireApprovals }),
    ).rejects.toMatchObject({ message: 'destructive' })
  })

  it('are counted when what the migration makes itself calls something, also where no name says so', async () => {
    const sql = `create function same(int) returns boolean language plpgsql as $$ begin return true; end $$;
      create domain sure as int check (same(value)); create table t (d sure); insert into t values (1)`
    expect(await shop.apply(sql)).toMatchObject({
      verification: { state: 'counted', why: expect.stringContaining('public.same()') as string },
    })
  })

  it('that a plan has committed and its comparison finds wrong are a loss on record', async () => {
    const about = 'orders and copied agree'
    const sql = 'select count(*) as mismatches from orders where id <= 3'
    const step: VerifyStep = {
      kind: 'verify',
      id: 'verify-1',
      about,
      locks: [],
      relation: 'public.orders',
      columns: ['note'],
      sql,
    }
    const phase: Phase = { name: 'validate', promise: '', destructive: false, steps: [step] }
    const plan = sealPlan({ changes: [], unplanned: [], notes: [], phases: [phase] })
    await expect(applyMigration(await planMigration(plan), shop.ports())).rejects.toMatchObject({
      code: 'migration.data-loss',
      details: { mismatches: [{ relation: 'public.orders', column: 'note' }] },
    })
    expect(await shop.one(`select verification->>'state' from esa_migrations.migration`)).toBe('lost')
  })
})
