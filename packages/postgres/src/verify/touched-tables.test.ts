import { expect, it } from 'vitest'
import { touchOf } from './touched-tables.ts'

it.each([
  ['update a.t set i = 1 where i = 2', ['a.t']],
  ['delete from t', ['t, whose rows go']],
  ['with x as (delete from t returning *) insert into u select * from x', ['t, whose rows go']],
  ['truncate t, s.u', ['t, whose rows go', 's.u, whose rows go']],
  ['drop table s.t', ['s.t, whose rows go']],
  ['alter table t alter i type bigint', ['t']],
  ['insert into t values (1) on conflict (i) do update set i = 2', ['t']],
  ['insert into t values (1) on conflict do nothing', []],
  ['alter table t rename to u; create index i on t (a); alter table t add column b int', []],
])('%s touches values of %j', async (sql, expected) => {
  const { relations, opaque } = await touchOf(sql)
  const told = relations.map(
    ({ schema, name, rowsGo }) =>
      `${schema === undefined ? '' : `${schema}.`}${name}${rowsGo ? ', whose rows go' : ''}`,
  )
  expect(told).toEqual(expected)
  expect(opaque).toBe(false)
})

it.each(['do $$ begin end $$', 'call p()', 'select f()', 'explain analyze select f()'])(
  'what %s touches cannot be read',
  async (sql) => {
    expect((await touchOf(sql)).opaque).toBe(true)
  },
)
