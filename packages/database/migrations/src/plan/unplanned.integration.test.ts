import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LiveServer } from '../../testing/live-walk.ts'
import { planBetween } from './plan-between.ts'

const server = new LiveServer()
beforeAll(() => server.start())
afterAll(() => server.stop())

describe('what a plan does not do', () => {
  it.each([
    [
      'a storage parameter',
      'create table t (a int)',
      'create table t (a int) with (fillfactor = 70)',
      'settings of public.t',
    ],
    [
      'row security',
      'create table t (a int)',
      'create table t (a int); alter table t enable row level security',
      'settings of public.t',
    ],
    [
      'a policy',
      'create table t (a int)',
      'create table t (a int); create policy p on t using (true)',
      'policy public.t.p',
    ],
    ['a domain', 'create domain d as int', 'create domain d as int check (value > 0)', 'domain public.d'],
    [
      'an aggregate',
      '',
      'create aggregate s (int) (sfunc = int4pl, stype = int)',
      'function public.s(integer)',
    ],
    [
      'a sequence that counts the other way',
      'create sequence s',
      'create sequence s increment by -1',
      'sequence public.s',
    ],
    ['a type without a cast', 'create table t (a bool)', 'create table t (a date)', 'public.t.a'],
    [
      'NOT NULL without a value',
      'create table t (a int)',
      'create table t (a int, b int not null)',
      'public.t.b',
    ],
    [
      'a stored generated column',
      'create table t (a int)',
      'create table t (a int, b int generated always as (a * 2) stored)',
      'public.t.b',
    ],
    [
      'partitions undone',
      'create table t (a int) partition by range (a)',
      'create table t (a int)',
      'partitioning of public.t',
    ],
    [
      'a copy that others point to',
      'create table t (a int primary key); create table u (a int references t)',
      'create table t (a int primary key) partition by range (a); create table u (a int references t)',
      'public.t is partitioned by RANGE (a)',
    ],
  ])('is said: %s', async (_, from, to, what) => {
    const { plan } = await server.plan(from, to)
    expect(plan.unplanned.map((one) => one.what)).toContain(what)
    expect(plan.unplanned.every(({ why }) => why !== '')).toBe(true)
  })

  it('includes guessing at names', async () => {
    const [from, to] = ['create table t (a int, old text)', 'create table t (a int, new text)']
    const { plan } = await server.plan(from, to)
    expect(plan.changes.map(({ kind }) => kind)).toEqual(['drop-column', 'add-column'])
    expect(plan.notes.join()).toContain('--rename public.t.old=new')
    const told = await server.plan(from, to, { rename: { 't.old': 'new' } })
    expect(told.plan.changes.map(({ kind }) => kind)).toEqual(['rename-column'])
    await expect(server.plan(from, to, { rename: { 't.gone': 'new' } })).rejects.toThrow(
      /no table or column "t.gone"/,
    )
  })

  it('is refused where names have two meanings', async () => {
    await expect(server.plan('create schema "a.b"', '')).rejects.toMatchObject({ code: 'usage.schema-name' })
  })

  it('includes what is not different', async () => {
    const schema = `create type e as enum ('a'); create table t (id serial primary key, e e default 'a', x int generated always as identity);
      create index on t (e) where x > 0; create view v as select * from t`
    const { plan } = await server.plan(schema, schema)
    expect(plan).toMatchObject({ changes: [], phases: [], unplanned: [] })
  })
})

describe('a plan', () => {
  it('says which triggers its fillings fire', async () => {
    const schema = (type: string) => `create table t (id int primary key, v ${type});
      create function stamp() returns trigger language plpgsql as 'begin return new; end';
      create trigger stamp before insert or update on t for each row execute function stamp()`
    const { plan } = await server.plan(schema('int'), schema('bigint'))
    expect(plan.unplanned).toEqual([])
    expect(plan.notes.join()).toContain('the trigger public.t.stamp fires for each row that is filled')
  })

  it('says which tables have subscribers that must know their new columns first', async () => {
    const schema = (type: string) => `create table t (id int primary key, v ${type}); create table u (id int);
      create publication p for table t, u; create publication q for table t`
    const { plan } = await server.plan(schema('int'), schema('bigint'))
    expect(plan.unplanned).toEqual([])
    expect(plan.notes.filter((note) => note.includes('published'))).toEqual([
      expect.stringMatching(/^public.t is published by p, q: its subscribers must know each new column/),
    ])
  })

  it('has the same id when it is made again, and another when it differs', async () => {
    const [a, b, c] = [
      await server.plan('create table t (a int)', 'create table t (a bigint)'),
      await server.plan('create table t (a int)', 'create table t (a bigint)'),
      await server.plan('create table t (a int)', 'create table t (a text)'),
    ].map(({ plan }) => plan.id)
    expect(a).toBe(b)
    expect(a).not.toBe(c)
  })

  it('comes from a migration that is unsafe as it is written', async () => {
    const plan = await planBetween({
      ground: server.ground(),
      from: { sql: 'create table t (id int primary key, total int, note text)' },
      to: {
        scripts: [
          `alter table t rename column total to amount; alter table t alter column note type int using length(note);
           update t set amount = 0 where amount is null; alter table t alter amount set not null; create index on t (amount); grant select on t to public`,
        ],
      },
      hints: {},
    }).catch((error: unknown) => error)
    expect(plan).toMatchObject({ unplanned: [{ what: expect.stringContaining('grant select') as string }] })
    expect((plan as { changes: { kind: string }[] }).changes.map(({ kind }) => kind).toSorted()).toEqual([
      'add-index',
      'change-type',
      'rename-column',
      'set-not-null',
    ])
  })

  it('declares for CONCURRENTLY the lock that the server takes while writers hold it up', async () => {
    const { plan } = await server.plan(
      'create table t (a int)',
      'create table t (a int); create index t_a on t (a)',
    )
    const step = plan.phases[0]!.steps[0]!
    const live = await server.database('create table t (a int)')
    const writer = await live.connect()
    await writer.query('begin; insert into t values (1)')
    const built = live.query(step.sql)
    let modes: string[] = []
    // The build waits for the writer, and is seen waiting.
    while (modes.length === 0) {
      const { rows } = await live.query(
        `select array_agg(l.mode) as modes from pg_locks l join pg_stat_activity a using (pid)
         where l.relation = 't'::regclass and a.query like 'CREATE INDEX%' and a.wait_event_type = 'Lock' and l.granted`,
      )
      modes = (rows[0]?.['modes'] as string[] | null) ?? []
    }
    expect(modes).toEqual([expect.stringMatching(/^ShareUpdateExclusiveLock$/)])
    expect(step.locks).toEqual([{ relation: 'public.t', mode: 'ShareUpdateExclusiveLock' }])
    await writer.query('commit')
    await built
    writer.release()
    await live.end()
  })
})
