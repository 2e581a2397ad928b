import { expect, it } from 'vitest'
import { tokenize } from './sql-tokens.ts'

const texts = (sql: string): string[] => tokenize(sql).map((token) => token.text)

it('keeps semicolons inside quotes, dollar quotes and nested comments', () => {
  expect(texts(`a ';''' ";" $x$;$y$;$x$ $$;$$ /* ; /* ; */ ; */ -- ;\n;`)).toEqual([
    'a',
    `';'''`,
    '";"',
    '$x$;$y$;$x$',
    '$$;$$',
    '/* ; /* ; */ ; */',
    '-- ;',
    ';',
  ])
})

it('takes a backslash for an escape only in an escape string', () => {
  expect(texts(String.raw`'\' ; E'\';' ;`)).toEqual([String.raw`'\'`, ';', String.raw`E'\';'`, ';'])
})

it('keeps parameters and dollars inside names apart from dollar quotes', () => {
  expect(texts('a$b$ = $1')).toEqual(['a$b$', '=', '$1'])
})

it.each([
  ["select 1;\nselect 'a", 2],
  ['select "a', 1],
  ['select $q$ a $$', 1],
  ['/* /* */', 1],
])('says on which line %j is left open', (sql, line) => {
  expect(() => tokenize(sql)).toThrow(
    expect.objectContaining({ code: 'sql.unterminated', details: { line } }),
  )
})
