import { expect, it } from 'vitest'
import { noFacts, noteConstants, noteTree, parseTree } from './resolved-tree.ts'

const CALL =
  '{FUNCEXPR :funcid 871 :funcresulttype 25 :funcretset false :funcvariadic false :funcformat 0 :funccollid 100 :inputcollid 100 :args ({VAR :varno 1 :varattno 2 :vartype 17001 :location 42}) :location 36}'

it('finds functions with the types they are called with, operators and types', () => {
  const facts = noFacts()
  const operator = `{OPEXPR :opno 96 :opfuncid 65 :opresulttype 16 :args (${CALL})}`
  noteTree(parseTree(`(${operator} {SORTGROUPCLAUSE :tleSortGroupRef 1 :eqop 98 :sortop 0})`), facts)
  expect([...facts.calls.values()]).toEqual([
    { oid: 65, args: [25], result: 16 },
    { oid: 871, args: [17_001], result: 25 },
  ])
  expect([facts.operators, facts.types, facts.made]).toEqual([
    new Set([96, 98]),
    new Set([16, 25, 17_001]),
    new Set([16, 25]),
  ])
})

it.each([
  ['{NEWEXPR :funcid 1}', 'NEWEXPR'],
  [CALL.replace(':funcretset', ':funccallback 4711 :funcretset'), 'FUNCEXPR.funccallback'],
  ['{FUNCEXPR funcid 1}', 'FUNCEXPR with funcid'],
  ['{FUNCEXPR :funcid', 'ends too early'],
])('refuses what it does not know, and names it: %j', (tree, what) => {
  expect(() => noteTree(parseTree(tree), noFacts())).toThrow(
    expect.objectContaining({ code: 'sql.tree-unknown', message: expect.stringContaining(what) }),
  )
})

it('reads a name that looks like a field, a brace or a node as a name', () => {
  const facts = noFacts()
  const name = String.raw`:funcid\ \}\ \{FUNCEXPR\ :funcid\ 1`
  noteTree(parseTree(`{TARGETENTRY :expr ${CALL} :resno 1 :resname ${name}}`), facts)
  expect([...facts.calls.values()].map(({ oid }) => oid)).toEqual([871])
})

it.each([
  ['{QUERY :commandType 3}', 'commandType'],
  ['{QUERY :commandType 1 :rowMarks ({X})}', 'rowMarks'],
  ['{QUERY :commandType 1 :hasModifyingCTE true}', 'hasModifyingCTE'],
])('refuses a query that writes or locks: %j', (tree, field) => {
  expect(() => noteTree(parseTree(tree), noFacts())).toThrow(
    expect.objectContaining({ code: 'sql.not-a-read', message: expect.stringContaining(field) }),
  )
})

it.each([
  ['a call of constants', '{CONST :consttype 23}', [871]],
  ['a call of a column', '{VAR :varno 1 :vartype 23}', []],
  [
    'a condition that may become a constant',
    '{BOOLEXPR :boolop and :args ({VAR :varno 1 :vartype 16})}',
    [871],
  ],
  [
    'a choice that may leave the column out',
    '{CASEEXPR :casetype 23 :args ({VAR :varno 1 :vartype 23})}',
    [871],
  ],
  [
    'a body in SQL that may leave the column out',
    '{FUNCEXPR :funcid 17002 :funcresulttype 23 :args ({VAR :varno 1 :vartype 23})}',
    [871],
  ],
  [
    'a column beside what may turn out to be NULL',
    '{VAR :varno 1 :vartype 23} {FUNCEXPR :funcid 17003 :funcresulttype 23 :args ({CONST :consttype 23 :constisnull false})}',
    [871],
  ],
  [
    'a column beside a constant',
    '{VAR :varno 1 :vartype 23} {RELABELTYPE :arg {CONST :consttype 23 :constisnull false} :resulttype 26}',
    [],
  ],
])('of a table’s expressions the planner runs what may depend on no column: %s', (_, argument, found) => {
  const constants = noFacts()
  const tree = parseTree(`{FUNCEXPR :funcid 871 :funcresulttype 23 :args (${argument})}`)
  noteConstants(tree, constants, new Set([17_002]))
  expect([...constants.calls.values()].map(({ oid }) => oid).filter((oid) => oid === 871)).toEqual(found)
})
