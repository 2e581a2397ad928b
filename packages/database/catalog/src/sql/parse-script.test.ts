import { describe, expect, it } from 'vitest'
import { parseScript } from './parse-script.ts'

describe('a script', () => {
  it('is split by the grammar, with the place of each statement', async () => {
    const sql = `-- ä comment; with a semicolon
select 'ö; not the end';
/* one /* nested */ ; */ create function f() returns int language sql begin atomic select 1; select 2; end;

do $$ begin perform 1; end $$;;
create index concurrently on t (a) -- the last one`
    const statements = await parseScript(sql)
    expect(statements.map(({ kind, line }) => [kind, line])).toEqual([
      ['SelectStmt', 2],
      ['CreateFunctionStmt', 3],
      ['DoStmt', 5],
      ['IndexStmt', 6],
    ])
    for (const { text, offset } of statements) expect(sql.slice(offset, offset + text.length)).toBe(text)
    expect(statements[0]!.text).toBe("select 'ö; not the end'")
    expect(statements[1]!.text).toMatch(/^create function .* end$/)
  })

  it('says where it is wrong', async () => {
    await expect(parseScript("select 'ä';\nselect 1 frm x y;")).rejects.toMatchObject({
      code: 'sql.syntax',
      details: { line: 2, column: 14 },
    })
  })

  it('without a statement has none', async () => {
    for (const nothing of ['-- nothing\n;;', '', ' \n']) expect(await parseScript(nothing)).toEqual([])
  })
})
