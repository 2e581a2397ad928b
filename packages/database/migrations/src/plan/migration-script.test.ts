import { describe, expect, it } from 'vitest'
import { parseScript } from '@esa/database-catalog/sql'
import { readMeaning } from './migration-script.ts'

const meaning = async (sql: string) => readMeaning(await parseScript(sql))

describe('a migration says more than the schema it leads to', () => {
  it('what is renamed', async () => {
    const { hints } = await meaning(
      'alter table orders rename to purchases; alter table shop.items rename column a to b; alter table t rename constraint x to y',
    )
    expect(hints.rename).toEqual({ orders: 'purchases', 'shop.items.a': 'b' })
  })

  it('how values are carried over', async () => {
    const { hints } = await meaning(
      'alter table t alter column c type int using length(c), alter column d type text',
    )
    expect(hints.using).toEqual({ 't.c': { to: 'length(c)' } })
  })

  it('what rows get that have no value', async () => {
    const { hints, unplanned } = await meaning(`update t set c = 'x' where c is null; update t set d = 0`)
    expect(hints.fill).toEqual({ 't.c': `'x'`, 't.d': '0' })
    expect(unplanned).toEqual([])
  })

  it.each([
    `update t set c = 1 where d is null`,
    `update t set c = 1, d = 2`,
    `update t set c = u.c from u`,
    `insert into t values (1)`,
    `delete from t`,
    `do $$ begin end $$`,
    `grant select on t to public`,
    `comment on table t is 'x'`,
  ])('and what no schema shows is not passed over: %s', async (sql) => {
    const { unplanned } = await meaning(`create table t (c int);\n${sql}`)
    expect(unplanned).toHaveLength(1)
    expect(unplanned[0]!.what).toContain('line 2')
  })
})
