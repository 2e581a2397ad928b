import { expect, it } from 'vitest'
import { blockerText, withoutValues } from './blockers.ts'

it.each([
  [`update users set email = 'ada@example.org' where id = 4711`, 'update users set email = ? where id = ?'],
  [`select 'it''s' || E'a\\'secret' , $tag$ secret $tag$, 1.5e3`, 'select ? || ? , ?, ?e3'],
  [`insert into t1 values ('cut in the mid`, 'insert into t1 values (?'],
  [`select 1 /* secret 5 */ -- more secrets\n from t2`, 'select ? from t2'],
])('a query of another session is shown without its values: %s', (query, told) => {
  expect(withoutValues(query)).toBe(told)
})

it('a long query is cut', () => {
  expect(withoutValues(`select ${'a, '.repeat(200)}b`)).toHaveLength(120)
})

it('a blocker is shown in one line that says what to end', () => {
  const blocker = {
    pid: 7,
    user: 'ada',
    application: 'psql',
    state: 'idle in transaction',
    sinceMs: 61_234,
    queryStartAt: '',
    query: 'select ?',
  }
  expect(blockerText(blocker)).toBe(
    'pid 7 of ada (psql), idle in transaction, its transaction open for 61.2 s: select ?',
  )
})
