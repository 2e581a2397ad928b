import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LiveServer } from '../../testing/live-walk.ts'
import type { MigrationPlan, PhaseName } from './model/plan.ts'
import { unwalkPhase, walkStep } from './walk-plan.ts'

const server = new LiveServer()
beforeAll(() => server.start())
afterAll(() => server.stop())

const TABLE = 'create table t (id int primary key, v int, w int)'
const PARTS = `${TABLE} partition by range (id); create table t_low partition of t for values from (minvalue) to (100); create table t_rest partition of t default`

async function walk(live: Pool, { phases }: MigrationPlan, names: PhaseName[]): Promise<void> {
  for (const { steps } of phases.filter(({ name }) => names.includes(name)))
    for (const step of steps) await walkStep(live, step)
}

describe('a table that others read by replication is not copied', () => {
  it.each([
    ['by its name', `${TABLE}; create publication p for table t`, 'ALTER PUBLICATION p DROP TABLE public.t'],
    ['with all tables', `${TABLE}; create publication p for all tables`, 'names its tables'],
    [
      'by an index that tells its rows apart',
      `${TABLE}; alter table t replica identity using index t_pkey`,
      'REPLICA IDENTITY DEFAULT',
    ],
  ])('%s', async (_, from, way) => {
    const { plan } = await server.plan(from, from.replace(TABLE, PARTS))
    expect(plan.unplanned[0]).toMatchObject({
      what: 'public.t is partitioned by RANGE (id)',
      safest: expect.stringContaining(way) as string,
    })
    expect(plan.phases).toEqual([])
  })
})

describe('a table that is copied keeps', () => {
  const all: PhaseName[] = ['expand', 'backfill', 'validate', 'switch', 'contract']

  /** What the last of the statements reads before, after the switch, after its way back, and at the end. */
  async function through(besides: string, ...read: string[]): Promise<unknown[]> {
    const from = `${TABLE}; ${besides}`
    const { plan } = await server.plan(from, `${PARTS}; ${besides}`)
    expect(plan.unplanned).toEqual([])
    const live = await server.database(from, 1)
    const looks: unknown[] = []
    const look = async (): Promise<void> => {
      const answers = []
      for (const sql of read) answers.push((await live.query(sql)).rows)
      looks.push(answers.at(-1))
    }
    await look()
    await walk(live, plan, all.slice(0, 4))
    await look()
    await unwalkPhase(live, { steps: plan.phases.find(({ name }) => name === 'switch')!.steps })
    await look()
    await walk(live, plan, all.slice(3))
    await look()
    await live.end()
    return looks
  }
  const four = (rows: unknown[]): unknown[] => Array.from({ length: 4 }, () => rows)

  it('its replica identity, and its partitions have it too', async () => {
    const looks = await through(
      'alter table t replica identity full',
      "select distinct relreplident as is from pg_class where relname in ('t', 't_low', 't_rest')",
    )
    expect(looks.at(-1)).toEqual(looks[0])
  })

  it('its owner, for its partitions too', async () => {
    await server.database('create role keeper', 1).then((pool) => pool.end())
    const { plan } = await server.plan(TABLE, PARTS)
    const live = await server.database(`${TABLE}; alter table t owner to keeper`, 1)
    await walk(live, plan, all)
    const { rows } = await live.query(
      "select relname from pg_class where relowner = 'keeper'::regrole and relkind in ('r', 'p') order by 1",
    )
    expect(rows.map(({ relname }) => relname as string)).toEqual(['t', 't_low', 't_rest'])
    await live.end()
  })

  it('its comments and the settings of its columns', async () => {
    const looks = await through(
      `comment on table t is 'all ''of'' it'; comment on column t.v is 'what'; comment on constraint t_pkey on t is 'key';
       create index t_v on t (v); comment on index t_v is 'by v'; alter table t alter v set statistics 500, alter w set (n_distinct = 7)`,
      `select obj_description('t'::regclass, 'pg_class') as t, col_description('t'::regclass, 2) as v,
         (select obj_description(oid, 'pg_constraint') from pg_constraint where conname = 't_pkey') as key,
         obj_description('t_v'::regclass, 'pg_class') as i,
         (select array_agg((attname, attstattarget, (select o from unnest(attoptions) o where o !~ '^pg_'))::text order by attnum) from pg_attribute where attrelid = 't'::regclass and attnum > 1) as set`,
    )
    expect(looks).toEqual(four(looks[0] as unknown[]))
    expect(looks[0]).toMatchObject([{ t: "all 'of' it", v: 'what', key: 'key', i: 'by v' }])
  })

  it('its storage parameters where it is not a partitioned table', async () => {
    const rule = (table: string): string =>
      table.replace(/\)$/, ', constraint x exclude using btree (w with =)) with (fillfactor = 70)')
    const { plan } = await server.plan(`${TABLE} with (fillfactor = 70)`, rule(TABLE))
    expect(plan.unplanned).toEqual([])
  })

  it('its extended statistics', async () => {
    const looks = await through(
      'create statistics s (dependencies) on v, w from t',
      "select pg_get_statisticsobjdef(oid) as s from pg_statistic_ext where stxrelid = 't'::regclass",
    )
    expect(looks).toEqual(four([{ s: 'CREATE STATISTICS public.s (dependencies) ON v, w FROM t' }]))
  })

  it('its triggers, and their switches; each fires once for a row', async () => {
    const looks = await through(
      `create table log (who text); create function note() returns trigger language plpgsql as 'begin insert into public.log values (tg_argv[0]); return new; end';
       create trigger a after insert on t for each row execute function note('a'); comment on trigger a on t is 'audit';
       create trigger b before insert on t for each row execute function note('b'); alter table t disable trigger b`,
      'truncate public.log',
      'insert into public.t select 1 + coalesce(max(id), 0), 1, 1 from public.t',
      `select (select array_agg(who) from public.log) as fired,
         (select array_agg((tgname, tgenabled, obj_description(oid, 'pg_trigger'))::text order by tgname)
           from pg_trigger where tgrelid = 'public.t'::regclass and tgname in ('a', 'b')) as has`,
    )
    expect(looks).toEqual(four([{ fired: ['a'], has: ['(a,O,audit)', '(b,D,)'] }]))
  })
})
