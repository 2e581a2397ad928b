import { expect, it } from 'vitest'
import { readStatement } from './read-statement.ts'

it.each([
  'select 1',
  '  (select 1) union select 2',
  'with a as (select 1) select * from a',
  'select \'delete; drop\' as "into"',
  'select t.update from t',
  'values (1)',
  'table a',
])('lets %j pass', async (sql) => {
  expect((await readStatement(`${sql} ; -- end`)).text).toBe(sql.trim())
})

it.each([
  ['', 'no statement'],
  ['delete from a', 'delete'],
  ['explain analyze delete from a', 'explain'],
  ['select 1; commit; drop table a', 'more than one'],
  ['with gone as (delete from a returning *) select * from gone', 'delete'],
  ['with a as (select 1) update b set c = 1', 'update'],
  ['with a as materialized (insert into b select 1 returning 1) table a', 'insert'],
  ['select * into b from a', 'INTO'],
  ['do $$ begin end $$', 'do'],
  ["set transaction_read_only = 'off'", 'set'],
  [`select 1${'+1'.repeat(5_000)}`, 'nested'],
  [`select 1 where a in (${'1,'.repeat(60_000)}1)`, 'characters'],
  ['select 1\0; drop table a', 'NUL'],
  ['select pg_temp.f()', 'session'],
  ['select * from a for no key update', 'FOR UPDATE'],
  ['with m as (merge into a using b on true when matched then delete returning 1) table m', 'merge'],
])('refuses %j', async (sql, word) => {
  await expect(readStatement(sql)).rejects.toMatchObject({
    code: 'sql.not-a-read',
    message: expect.stringContaining(word),
  })
})
