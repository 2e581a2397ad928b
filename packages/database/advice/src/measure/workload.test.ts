import { expect, it } from 'vitest'
import { parseWorkload } from './workload.ts'

it('reads statements with the weight and id that stand before their end', () => {
  const text = `-- the front page
-- id: front
-- weight: 2.5
select ';' -- not; an end
from a;
select $$ ; $$; -- weight: 3
-- id: last
select 3`
  expect(parseWorkload(text)).toEqual([
    { id: 'front', weight: 2.5, sql: "select ';' -- not; an end\nfrom a" },
    { id: 'statement-2', weight: 3, sql: 'select $$ ; $$' },
    { id: 'last', weight: 1, sql: 'select 3' },
  ])
})

it('takes marks only from comments, never from strings', () => {
  expect(parseWorkload(`select '\n-- weight: 9\n';`)[0]?.weight).toBe(1)
})

it.each([
  ['-- weight: many\nselect 1;', 'workload.weight-unreadable', 1],
  ['select 1;\n-- weight: 0\nselect 2;', 'workload.weight-unreadable', 2],
  ['-- id: a\nselect 1;\n-- id: a\nselect 2;', 'workload.id-twice', 4],
  ['-- id:\nselect 1;', 'workload.id-empty', 1],
  [' ;; -- nothing', 'workload.empty', 1],
])('refuses %j', (text, code, line) => {
  expect(() => parseWorkload(text)).toThrow(expect.objectContaining({ code, details: { line } }))
})
