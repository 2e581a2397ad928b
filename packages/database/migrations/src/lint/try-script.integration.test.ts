import { beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { groundAt, type TestGround } from '@esa/database-sandbox/testing'
import type { Verdict } from './judge.ts'
import { lintScripts } from './lint-scripts.ts'
import { readScript } from './read-script.ts'
import { readSizes } from './read-sizes.ts'

const SCHEMA = `
create table orders (id bigint primary key, note text);
create table items (id bigint primary key, order_id bigint);
create schema "My Schema";
create table "My Schema"."Order" (id bigint primary key);
create procedure fill() language plpgsql as 'begin update orders set note = note; commit; end';
`

describe('a script', () => {
  const server = ownServer()
  let ground: TestGround
  let databases: () => Promise<string[]>
  const lint = async (...texts: string[]): Promise<Verdict[]> => {
    const scripts = await Promise.all(texts.map((text, nth) => readScript(`${nth}.sql`, Buffer.from(text))))
    const options = { ground, schema: { sql: SCHEMA }, independent: false, sizes: new Map() }
    return (await lintScripts(scripts, options)).statements
  }
  const locksOf = ({ locks }: Verdict): string[] =>
    locks
      .filter(({ relation }) => !relation.endsWith('_pkey'))
      .map(({ relation, mode }) => `${relation} ${mode}`)
  const failuresOf = (verdicts: Verdict[]): (string | undefined)[] =>
    verdicts.map(({ findings }) => findings.find(({ rule }) => rule === 'execution-failed')?.message)

  beforeAll(async () => {
    ground = groundAt(server.adminUrl)
    databases = async () => {
      const { queryable, close } = await ground.asAdmin()
      const { rows } = await queryable.query('select datname from pg_database')
      await close()
      return rows.map(({ datname }) => String(datname))
    }
  })

  it('with a transaction shows each statement’s own locks, and what fails in it', async () => {
    const verdicts = await lint(`begin;
      alter table orders add column a int;
      alter table orders add column a2 int;
      update orders set a = 1 where id = 2;
      savepoint s;
      alter table items add column b int;
      rollback to savepoint s;
      vacuum items;
      commit;
      alter table items add column b int;`)
    expect(verdicts.map(locksOf)).toEqual([
      [],
      ['public.orders AccessExclusiveLock'],
      ['public.orders AccessExclusiveLock'],
      ['public.orders RowExclusiveLock'],
      [],
      ['public.items AccessExclusiveLock'],
      [],
      [],
      [],
      ['public.items AccessExclusiveLock'],
    ])
    expect(failuresOf(verdicts)).toEqual(
      verdicts.map((_, at) => (at === 7 ? 'VACUUM cannot run inside a transaction block' : undefined)),
    )
  })

  it('that is rolled back and begun again still shows what each statement locks', async () => {
    const changes = 'begin; alter table orders add column a int; alter table orders add column b int;'
    const verdicts = await lint(`${changes} rollback; ${changes} commit;`)
    const altering = verdicts.filter(({ kind }) => kind === 'AlterTableStmt')
    expect(altering.map(locksOf)).toEqual(altering.map(() => ['public.orders AccessExclusiveLock']))
    expect(failuresOf(verdicts)).toEqual(verdicts.map(() => undefined))
  })

  it('goes on after a failure from the state before it, a failed COMMIT among them', async () => {
    const verdicts = await lint(`begin;
      create table parts (id bigint primary key, of bigint references orders (id) deferrable initially deferred);
      insert into parts values (1, 7);
      commit;
      alter table orders add column note int;
      alter table orders add column note2 int;
      select * from parts;`)
    expect(failuresOf(verdicts)).toEqual([
      undefined,
      undefined,
      undefined,
      expect.stringMatching(/violates foreign key/),
      'column "note" of relation "orders" already exists',
      undefined,
      'relation "parts" does not exist',
    ])
    expect(verdicts[4]).toMatchObject({ locks: [], rewrites: [], scans: [], blocks: 'nothing' })
  })

  it('may commit inside its statements', async () => {
    const [block, call] = await lint(
      'do $$ begin update orders set note = note; commit; alter table items alter column order_id set not null; end $$;',
      'call fill();',
    )
    expect(locksOf(block!)).toEqual(['public.items AccessExclusiveLock', 'public.orders RowExclusiveLock'])
    expect(block).toMatchObject({ method: 'executed', scans: ['public.items', 'public.orders'] })
    expect(locksOf(call!)).toEqual(['public.orders RowExclusiveLock'])
  })

  it('that names no table is decided by the manual, and says so', async () => {
    const [vacuum] = await lint('vacuum;')
    expect(locksOf(vacuum!)).toEqual([
      '"My Schema"."Order" ShareUpdateExclusiveLock',
      'public.items ShareUpdateExclusiveLock',
      'public.orders ShareUpdateExclusiveLock',
    ])
    expect(vacuum).toMatchObject({ method: 'parsed', findings: [{ rule: 'not-executed' }] })
  })

  it('that needs what this server lacks is not held to have failed', async () => {
    const verdicts = await lint(
      'grant select on orders to sbx_elsewhere; create extension not_there; alter system set work_mem = 1;',
    )
    expect(verdicts.map(({ method }) => method)).toEqual(['parsed', 'parsed', 'parsed'])
    expect(failuresOf(verdicts)).toEqual([undefined, undefined, undefined])
  })

  it('finds tables by its search path, and leaves nothing of it to the next', async () => {
    const verdicts = await lint(
      `set search_path = "My Schema"; set lock_timeout = '1s'; alter table "Order" add column a int;`,
      'alter table "Order" add column b int; alter table orders add column b int;',
    )
    expect(locksOf(verdicts[2]!)).toEqual(['"My Schema"."Order" AccessExclusiveLock'])
    expect(failuresOf(verdicts).slice(3)).toEqual(['relation "Order" does not exist', undefined])
    const rules = (verdict: Verdict | undefined): string[] => verdict!.findings.map(({ rule }) => rule)
    expect(rules(verdicts[2])).not.toContain('lock-timeout-missing')
    expect(rules(verdicts[4])).toContain('lock-timeout-missing')
  })

  it('leaves no database behind, also when its schema fails', async () => {
    const broken = { ground, schema: { sql: 'create tabel x' }, independent: false, sizes: new Map() }
    const script = await readScript('a.sql', Buffer.from('select 1'))
    await expect(lintScripts([script], broken)).rejects.toMatchObject({ code: 'sql.syntax' })
    expect((await databases()).filter((name) => name.startsWith('esa_'))).toEqual([])
  })

  it('is judged by the sizes that a target has, and the target’s schema is not written to', async () => {
    await ground.createDatabase('target')
    const { queryable, close } = await ground.open('target')
    await queryable.query(`${SCHEMA} alter database target set timezone = 'Europe/Berlin';
      create table times (id bigint primary key, at timestamp);
      insert into orders select n, repeat('x', 500) from generate_series(1, 30000) n;
      insert into times values (1, now()); analyze`)
    const sizes = await readSizes(queryable)
    expect(sizes.get('public.orders')!.rows).toBe(30_000)
    const script = await readScript(
      'a.sql',
      Buffer.from('create index on orders (note); alter table times alter column at type timestamptz;'),
    )
    const { queryable: fresh, close: closeFresh } = await ground.open('target')
    const options = { ground, schema: { from: fresh }, independent: false, sizes }
    const { statements } = await lintScripts([script], options)
    expect(
      statements.map(({ rewrites, findings: [first] }) => [rewrites[0], first!.rule, first!.severity]),
    ).toEqual([
      [undefined, 'index-not-concurrently', 'error'],
      ['public.times', 'column-type-rewrites', 'warning'],
    ])
    const { rows } = await queryable.query(
      `select count(*)::int as indexes from pg_indexes where tablename = 'orders'`,
    )
    expect(rows).toEqual([{ indexes: 1 }])
    await close()
    await closeFresh()
  })
})
