import { describe, expect, it } from 'vitest'
import { lintUntried } from './lint-scripts.ts'
import { readScript } from './read-script.ts'

const lint = async (text: string) => lintUntried([await readScript('a.sql', Buffer.from(text))]).statements
const rulesOf = async (text: string) =>
  (await lint(text)).map(({ findings }) =>
    findings.filter(({ severity }) => severity !== 'info').map(({ rule }) => rule),
  )

describe('a marker', () => {
  it.each([
    ['on the line before', '-- esa:allow table-dropped unused since May\ndrop table t;'],
    ['some lines before', '-- esa:allow table-dropped unused since May\n\n-- and so\ndrop table t;'],
    ['on its line', 'drop table t; -- esa:allow table-dropped unused since May'],
    ['inside it', 'drop table -- esa:allow table-dropped unused since May\n  t;'],
  ])('%s accepts a finding', async (_, text) => {
    const [verdict] = await lint(text)
    expect(verdict!.allowed).toEqual([
      expect.objectContaining({ rule: 'table-dropped', reason: 'unused since May' }),
    ])
    expect(verdict!.findings.map(({ rule }) => rule)).toEqual(['not-executed'])
  })

  it('is about one statement, and one rule', async () => {
    const found = await rulesOf('drop table a; -- esa:allow table-dropped unused\ndrop table b cascade;\n')
    expect(found).toEqual([[], ['table-dropped', 'drop-cascades']])
  })

  it.each([
    ['an apostrophe', `\\echo don't panic\n`],
    ['two apostrophes around it', `\\echo don't\n`, `\\echo won't\n`],
    ['a quote', `\\echo 12" wide\n`],
    ['rows of COPY', `copy t from stdin;\nO'Brien\t$a$\n\\.\n`],
  ])('is read beside %s in what is not SQL', async (_, before, after = '') => {
    const marker = '-- esa:allow table-dropped unused since May\n'
    const statements = await lint(`${before}${marker}drop table t;\n${after}`)
    const verdict = statements.find(({ kind }) => kind === 'DropStmt')!
    expect(verdict.allowed).toMatchObject([{ rule: 'table-dropped' }])
    expect(verdict.findings.map(({ rule }) => rule)).not.toContain('table-dropped')
  })

  it('is none in rows of COPY', async () => {
    const verdicts = await lint('copy t from stdin;\n-- esa:allow table-dropped a row\n\\.\ndrop table t;')
    expect(verdicts.find(({ kind }) => kind === 'DropStmt')!.allowed).toEqual([])
  })

  it.each([
    ['drop table t; -- esa:allow table-dropped', ['table-dropped', 'allow-without-reason']],
    ['drop table t; -- esa:allow table-droped unused', ['table-dropped', 'allow-unknown-rule']],
    ['drop table t; -- esa:allow', ['table-dropped', 'allow-unknown-rule']],
    [`drop table t /* esa:allow table-dropped x */`, ['table-dropped']],
    [`comment on table t is '-- esa:allow table-dropped x'; drop table t`, []],
  ])('%s is none', async (text, rules) => {
    expect((await rulesOf(text))[0]).toEqual(rules)
  })
})

describe('what is not tried', () => {
  it('is judged by its text', async () => {
    expect(
      await rulesOf(
        'create index i on t (a);\nalter table t alter column a type bigint;\nalter table t add unique (a);',
      ),
    ).toEqual([['index-not-concurrently'], ['column-type-rewrites'], ['unique-builds-index']])
  })

  it('holds nothing against a table of its own', async () => {
    expect(
      await rulesOf(
        'create table t (a int);\ncreate index i on t (a);\nalter table t alter a set not null, drop column b;\ndrop table t;',
      ),
    ).toEqual([[], [], [], []])
  })
})
