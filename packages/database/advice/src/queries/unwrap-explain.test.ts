import { describe, expect, it } from 'vitest'
import { unwrapExplain } from './unwrap-explain.ts'

describe('an EXPLAIN as the input', () => {
  it.each([
    ['explain select 1', 'select 1'],
    ['EXPLAIN ANALYZE VERBOSE select 1;', 'select 1'],
    ['explain (analyze, buffers on, format json) select 1', 'select 1'],
    ['explain (costs off /* ) */, timing) -- all of it\n  select 1', 'select 1'],
    ['explain (select 1)', '(select 1)'],
    ['explain analyze (select 1)', '(select 1)'],
    ['explain (verbose) (select 1) union (select 2)', '(select 1) union (select 2)'],
    ['explain delete from orders', 'delete from orders'],
    ['select 1', 'select 1'],
    ['explain select 1; drop table orders', 'explain select 1; drop table orders'],
    ['', ''],
  ])('%j is %j', async (sql, inner) => expect(await unwrapExplain(sql)).toBe(inner))

  it.each(['off', 'false', '0', "'OFF'"])('with ANALYZE %s is refused: it would be run', async (off) => {
    await expect(unwrapExplain(`explain (verbose, analyze ${off}) select 1`)).rejects.toMatchObject({
      code: 'sql.not-a-read',
    })
  })
})
