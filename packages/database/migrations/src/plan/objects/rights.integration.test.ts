import type { PoolClient } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LiveServer } from '../../../testing/live-walk.ts'
import type { Hints } from '../model/hints.ts'
import type { MigrationPlan } from '../model/plan.ts'
import { unwalkPhase, walkStep } from '../walk-plan.ts'

const server = new LiveServer()
beforeAll(async () => {
  await server.start()
  const pool = await server.database('create role app; create role owner')
  await pool.end()
})
afterAll(() => server.stop())

/** Walks a plan, the undoable phases twice, and lets `work` look after every step forth and back. */
async function walk(plan: MigrationPlan, session: PoolClient, work: () => Promise<void>): Promise<void> {
  for (const phase of plan.phases) {
    for (const round of phase.destructive ? [1] : [1, 2]) {
      for (const step of phase.steps) {
        await walkStep(session, step)
        await work()
      }
      if (phase.destructive || round === 2) continue
      for (const step of phase.steps.toReversed()) await unwalkPhase(session, { steps: [step] })
      await work()
    }
  }
}

/** Whether the application may do what it does. */
async function asApp(session: PoolClient, statements: string[]): Promise<void> {
  for (const sql of statements) {
    await session.query('begin; set local role app')
    try {
      await session.query(sql)
    } finally {
      await session.query('rollback')
    }
  }
}

interface Rights {
  from: string
  to: string
  grants: string
  hints?: Hints
  uses: string[]
}

describe('who could use a table before can use it in every phase', () => {
  it.each<[string, Rights]>([
    [
      'when a type changes under a view',
      {
        from: 'create table t (id int primary key, v int); create view w as select v from t',
        to: 'create table t (id bigint primary key, v bigint); create view w as select v from t',
        grants:
          'grant select, insert, delete on t to app; grant update (v) on t to app; grant select (v) on w to app; alter view w owner to owner; grant select on t to owner',
        uses: [
          'select * from t',
          'insert into t (id, v) values (1, 2)',
          'update t set v = 3',
          'select v from w',
        ],
      },
    ],
    [
      'when it is renamed',
      {
        from: 'create table t (id int primary key, v int)',
        to: 'create table u (id int constraint t_pkey primary key, v int)',
        hints: { rename: { t: 'u' } },
        grants: 'grant select (v), insert on t to app',
        uses: [
          "do $$ begin if to_regclass('public.t') is not null then perform v from public.t; else perform v from public.u; end if; end $$",
          "do $$ begin if to_regclass('public.t') is not null then insert into public.t values (1, 2); else insert into public.u values (1, 2); end if; end $$",
        ],
      },
    ],
    [
      'when a column is renamed and a view changes',
      {
        from: 'create table t (id int primary key, v int); create view w as select v from t',
        to: 'create table t (id int primary key, n int); create view w as select n as v, id from t',
        hints: { rename: { 't.v': 'n' } },
        grants:
          'grant insert, update, select (id) on t to app; grant select (v) on t to app; grant select (v) on w to app',
        uses: [
          'insert into t (id) values (1)',
          'select id from t for update',
          'select v from w',
          "do $$ begin if exists (select from pg_attribute where attrelid = 'public.t'::regclass and attname = 'v') then perform v from public.t; else perform n from public.t; end if; end $$",
        ],
      },
    ],
    [
      'when it is partitioned',
      {
        from: 'create table t (id int primary key, v int); create view w as select id from t',
        to: 'create table t (id int primary key, v int) partition by range (id); create table t_rest partition of t default; create view w as select id from t',
        grants:
          'grant select (id), insert, update (v), delete on t to app; grant select (id) on w to app; alter table t owner to owner',
        uses: [
          'insert into t values (1, 2)',
          'update t set v = 3',
          'delete from t',
          'select id from t',
          'select id from w',
        ],
      },
    ],
  ])('%s', async (_, { from, to, grants, hints, uses }) => {
    // A copy of a target's schema, which a plan is made on, has no rights.
    const { plan } = await server.plan(from, to, hints)
    expect(plan.unplanned).toEqual([])
    const live = await server.database(`${from}; ${grants}`)
    const session = await live.connect()
    await walk(plan, session, () => asApp(session, uses))
    session.release()
    await live.end()
  })
})

describe('who could not read a table before cannot read it afterwards', () => {
  it.each<[string, string, string, Hints?]>([
    [
      'when it is partitioned',
      'create table t (id int primary key, v int)',
      'create table t (id int primary key, v int) partition by range (id); create table t_rest partition of t default',
    ],
    [
      'when it is renamed',
      'create table t (id int primary key, v int)',
      'create table u (id int constraint t_pkey primary key, v int)',
      { rename: { t: 'u' } },
    ],
    [
      'when a view over it is recreated',
      'create table t (id int primary key, v int); create view w as select v from t',
      'create table t (id int primary key, v bigint); create view w as select v from t',
    ],
  ])('%s, whatever new tables are given to', async (_, from, to, hints) => {
    const { plan } = await server.plan(from, to, hints)
    const live = await server.database(
      `${from}; alter default privileges grant select on tables to app; grant select on t to owner; grant update (v) on t to owner`,
    )
    const session = await live.connect()
    const readers = `select distinct relname from pg_class where relkind in ('r', 'p', 'v') and relnamespace = 'public'::regnamespace
      and (has_table_privilege('app', oid, 'select') or not has_table_privilege('owner', oid, 'select')) and relname <> 'w'
      or relname = 'w' and has_table_privilege('app', oid, 'select')`
    await walk(plan, session, async () => {
      expect((await session.query(readers)).rows).toEqual([])
    })
    session.release()
    await live.end()
  })
})

describe('a view that is made again', () => {
  it('keeps its comments and those of its columns', async () => {
    const from = 'create table t (id int primary key, v int); create view w as select v from t'
    const to = 'create table t (id int primary key, v bigint); create view w as select v from t'
    const { plan } = await server.plan(from, to)
    const live = await server.database(
      `${from}; comment on view w is 'it''s 100 %'; comment on column w.v is 'in cents'`,
      1,
    )
    for (const step of plan.phases.flatMap(({ steps }) => steps)) await walkStep(live, step)
    const { rows } = await live.query(
      `select objsubid as nth, description from pg_description where objoid = 'w'::regclass order by 1`,
    )
    expect(rows).toEqual([
      { nth: 0, description: "it's 100 %" },
      { nth: 1, description: 'in cents' },
    ])
    await live.end()
  })
})

describe('a table that is copied', () => {
  it('is emptied with its copy', async () => {
    const [from, to] = [
      'create table t (id int primary key)',
      'create table t (id int primary key) partition by range (id); create table r partition of t default',
    ]
    const { plan } = await server.plan(from, to)
    const live = await server.database(`${from}; insert into t values (1)`, 1)
    for (const step of plan.phases
      .filter(({ name }) => name === 'expand' || name === 'backfill')
      .flatMap(({ steps }) => steps))
      await walkStep(live, step)
    await live.query('truncate t')
    expect((await live.query('select * from t_esa_new')).rows).toEqual([])
    await live.end()
  })
})
