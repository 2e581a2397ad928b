import { describe, expect, it } from 'vitest'
import { sourceFiles } from './source-files.ts'
import { crowdedFolders, machinePaths, untidyName, untidySource } from './tidy.ts'

const ROOMS = '{packages,escalation,agents,test}'
const lines = (n: number): string => '// line\n'.repeat(n)
const fn = (n: number): string => `export function f() {\n${lines(n - 2)}}\n`

describe('the house is tidy', () => {
  it('in sizes and exports', () => {
    const files = sourceFiles(`{*.ts,${ROOMS}/**/*.{ts,tsx}}`)
    expect(files.length).toBeGreaterThan(20)
    expect(files.flatMap(untidySource)).toEqual([])
  })

  it('in folders of the database toolkit', () => {
    const paths = sourceFiles('packages/database/**/*.{ts,tsx}').map(({ path }) => path)
    expect(crowdedFolders(paths)).toEqual([])
  })

  it('in names', () => {
    const files = sourceFiles(`{packages,escalation,agents,test,docs}/**/*.{ts,tsx,md,json,sql}`)
    expect(files.flatMap(({ path }) => untidyName(path))).toEqual([])
  })

  it('one index.ts a package, and one of its test equipment', () => {
    const folders = sourceFiles(`${ROOMS}/**/index.ts`).map(({ path }) =>
      path.replace(/(?:\/(?:src|testing))?\/index\.ts$/, ''),
    )
    expect(
      folders.filter((folder) => !/^(?:packages\/(?:database\/)?[^/]+|escalation|agents)$/.test(folder)),
    ).toEqual([])
  })

  it('and names no machine', () => {
    const files = sourceFiles(
      '{*,.ci/*,bin/*,{packages,escalation,agents,test,docs}/**/*.{ts,md,json,sql,sh}}',
    )
    expect(files.filter(({ path }) => path !== 'pnpm-lock.yaml').flatMap(machinePaths)).toEqual([])
  })
})

describe('untidiness is seen', () => {
  it.each([
    ['a long file', 'packages/org/src/a.ts', lines(401)],
    ['a long function', 'packages/org/src/a.ts', fn(71)],
    ['a long component', 'packages/console/src/a.tsx', fn(91)],
    ['a long arrow function', 'packages/org/src/a.ts', `const f = () => {\n${lines(69)}}\n`],
    ['a long index', 'packages/org/src/index.ts', lines(41)],
    ['export *', 'packages/org/src/index.ts', `export * from './a.ts'`],
  ])('%s', (_, path, text) => expect(untidySource({ path, text })).toHaveLength(1))

  it.each([
    ['the longest file', 'packages/org/src/a.ts', lines(400)],
    ['the longest function', 'packages/org/src/a.ts', fn(70)],
    ['the longest component', 'packages/console/src/a.tsx', fn(90)],
    ['the longest index', 'packages/org/src/index.ts', lines(40)],
    ['a long list of tests', 'packages/org/src/a.test.ts', fn(100)],
  ])('but not %s', (_, path, text) => expect(untidySource({ path, text })).toEqual([]))

  it('a crowded folder', () => {
    const paths = Array.from({ length: 26 }, (_, n) => `packages/org/src/a-${n}.ts`)
    expect(crowdedFolders(paths)).toHaveLength(1)
    expect(crowdedFolders([...paths.slice(1), 'packages/org/src/a-1.test.ts'])).toEqual([])
  })

  it.each([
    'packages/utils/src/a.ts',
    'packages/org/src/helpers.ts',
    'packages/org/src/common.test.ts',
    'packages/core/package.json',
    'packages/org/src/cardParser.ts',
    'packages/org/src/card_parser.ts',
    'agents/layers/Layer-1.md',
  ])('the name %s', (path) => expect(untidyName(path)).toHaveLength(1))

  it.each([
    'packages/runtime/src/timer-service.ts',
    'escalation/src/incident.machine.test.ts',
    'docs/README.md',
  ])('but not the name %s', (path) => expect(untidyName(path)).toEqual([]))

  it.each([
    ['', 'home', 'ada', 'x'].join('/'),
    `"${['', 'Users', 'ada'].join('/')}"`,
    ['C:', 'src'].join('\\'),
  ])('the path %s', (text) =>
    expect(machinePaths({ path: 'a.md', text })).toEqual(['a.md:1  a path of one machine']),
  )
})
