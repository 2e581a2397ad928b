import { describe, expect, it } from 'vitest'
import { parseScript } from '@esa/database-catalog/sql'
import { classifyStatement, type StatementRisk } from './classify.ts'

const STATEMENTS: Record<StatementRisk, string[]> = {
  additive: [
    'create table t (i int)',
    'alter table t add column j int default 3',
    'alter table t add constraint c check (i > 0) not valid, validate constraint d',
    'create index concurrently t_i on t (i)',
    'insert into t select 1',
    'create table u as select * from t',
    `alter type e add value 'x'`,
    'create view v as select 1',
    'vacuum t',
    'explain select f()',
    'set search_path = app',
    `select pg_catalog.set_config('search_path', '', false), set_config('work_mem', '4MB', true)`,
  ],
  major: [
    'alter table t rename to u',
    'alter table t rename column i to j',
    'alter table t alter i type bigint',
    'alter table t alter i type text using i::text',
    'alter table t drop constraint c',
    'drop index t_i',
    'update t set i = 1 where i = 2',
    'insert into t values (1) on conflict (i) do update set i = 2',
    'do $$ begin null; end $$',
    'select f()',
    'explain analyze select f()',
    'with x as (insert into t values (1) on conflict (i) do update set i = 2 returning 1) insert into u select 1 from x',
    `select set_config('a', 'b', false), f()`,
    `select set_config('a', f(), false)`,
    `select 'set_config'`,
    `select app.set_config('a', 'b', false)`,
    'create or replace function f() returns int language sql return 1',
    `alter type e rename value 'x' to 'y'`,
  ],
  destructive: [
    'drop table t',
    'drop schema s',
    'drop index t_i cascade',
    'alter table t drop column i',
    'alter table t add column j int, drop column i',
    'alter table t drop constraint c cascade',
    'alter table t alter i type varchar(3)',
    'alter table t alter i type int',
    `alter table t alter i type text using left(i, 2)`,
    'alter table t alter i type text using j',
    'alter table t alter i type text using i::varchar(3)',
    'truncate t',
    'delete from t where i = 1',
    'update t set i = 1',
    'with gone as (delete from t returning *) insert into u select * from gone',
    'with gone as (delete from t returning *) select * from gone',
    'with x as (update t set i = 1 returning 1) select 1 from x',
    'explain analyze update t set i = 1',
    'merge into t using u on t.i = u.i when matched then delete',
    `with gone as (delete from t returning 1) select set_config('a', count(*)::text, false) from gone`,
    'drop owned by me',
  ],
}

describe('the risk of a statement', () => {
  const cases = Object.entries(STATEMENTS).flatMap(([risk, list]) => list.map((sql) => ({ risk, sql })))
  it.each(cases)('$risk: $sql', async ({ risk, sql }) => {
    const [statement] = await parseScript(sql)
    expect(classifyStatement(statement!)).toBe(risk)
  })
})
