import { describe, expect, it } from 'vitest'
import { brokenArrows, brokenManifest, type Manifest } from './arrows.ts'
import { sourceFiles } from './source-files.ts'

const manifests = new Map<string, Manifest>(
  sourceFiles('{packages/*,packages/database/*,escalation,agents,test}/package.json')
    .map(({ text }) => JSON.parse(text) as Manifest)
    .map((manifest) => [manifest.name, manifest]),
)
const broken = (path: string, text: string): string[] => brokenArrows({ path, text }, manifests)

describe('the arrows of the house', () => {
  const files = sourceFiles('{packages,escalation,agents,test}/**/*.{ts,tsx}')

  it('hold in every import', () => {
    expect(files.length).toBeGreaterThan(20)
    expect(files.flatMap((file) => brokenArrows(file, manifests))).toEqual([])
  })

  it('hold in every package.json', () => {
    expect(manifests.size).toBeGreaterThan(10)
    expect([...manifests.values()].flatMap(brokenManifest)).toEqual([])
  })
})

describe('a broken arrow is seen', () => {
  it.each([
    [
      'packages/runtime/src/a.ts',
      `import { x } from '@esa/escalation'`,
      'runtime has no arrow to escalation',
    ],
    ['packages/runtime/src/a.ts', `import type { X } from '@esa/agents'`, 'runtime has no arrow to agents'],
    ['packages/org/src/a.ts', `export { x } from '@esa/store'`, 'org has no arrow to store'],
    ['packages/store/src/a.ts', `await import('@esa/runtime')`, 'store has no arrow to runtime'],
    ['packages/store/src/a.ts', `type X = import('@esa/cli').X`, 'store has no arrow to cli'],
    ['test/e2e/a.test.ts', `import '@esa/database-catalog/sql'`, 'test has no arrow to database-catalog'],
    ['packages/cli/src/a.ts', `import '@esa/database'`, 'cli has no arrow to database'],
    ['packages/cli/src/a.ts', `import '@esa/database-catalog/sql'`, 'cli has no arrow to database-catalog'],
    ['packages/database/plugin/src/a.ts', `import '@esa/agents'`, 'database has no arrow to agents'],
    ['packages/store/src/a.ts', `import '@esa/actor/src/step.ts'`, 'is not an entry'],
    ['packages/store/src/a.ts', `import '../../actor/src/step.ts'`, 'leaves its package'],
    ['packages/cli/src/a.ts', `import '../../../escalation/src/index.ts'`, 'leaves its package'],
    ['test/e2e/a.ts', `import '../../packages/cli/src/main.ts'`, 'leaves its package'],
    [
      'agents/layers/a.ts',
      `import { x } from '@esa/database-catalog'`,
      'agents has no arrow to database-catalog',
    ],
    [
      'packages/database/catalog/src/sql/a.ts',
      `import '../guard/a.ts'`,
      'catalog/sql has no arrow to catalog/guard',
    ],
    [
      'packages/database/migrations/src/verify/a.ts',
      `import '../lint/a.ts'`,
      'migrations/verify has no arrow to migrations/lint',
    ],
    [
      'packages/database/advice/src/review/a.ts',
      `import '@esa/database-migrations/plan'`,
      'database-advice has no arrow to',
    ],
    ['packages/database/advice/src/shed/a.ts', `import '../review/a.ts'`, 'advice/shed is not a folder'],
    ['escalation/src/a.ts', `import 'node:fs'`, 'pure, but imports node:fs'],
    ['packages/protocol/src/a.ts', `import 'crypto'`, 'pure, but imports crypto'],
    ['packages/actor/src/a.ts', `await import(name)`, 'cannot be read from the source'],
    ['packages/store/src/a.ts', `import '../testing/a.ts'`, 'imports test equipment'],
    ['packages/store/src/a.ts', `import '@esa/pg-server/testing'`, 'store has no arrow to pg-server/testing'],
    ['packages/shed/src/a.ts', `import '@esa/protocol'`, 'shed has no arrow to protocol'],
  ])('%s: %s', (path, text, why) => {
    const found = broken(path, `\n${text}`)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(why)
    expect(found[0]).toContain(`${path}:2 `)
  })

  it('in a manifest', () => {
    const dependencies = { '@esa/cli': 'workspace:*', zod: '4.6.7' }
    expect(brokenManifest({ name: '@esa/store', dependencies })).toHaveLength(1)
    expect(brokenManifest({ name: '@esa/shed' })).toHaveLength(1)
  })
})

it.each([
  ['packages/database/plugin/src/a.ts', `import { a } from '@esa/cli/plugin-kit'`],
  [
    'packages/database/plugin/src/activities/measure.activity.ts',
    `import { q } from '@esa/database-catalog'; import 'node:fs'`,
  ],
  [
    'packages/database/advice/src/queries/a.ts',
    `import '../review/schema/a.ts'; import '@esa/database-catalog/guard'`,
  ],
  ['packages/database/advice/src/queries/a.test.ts', `import '@esa/database-migrations/plan'`],
  ['agents/layers/layer-1/mind.ts', `import { a } from './metrics.ts'`],
  ['packages/store/src/a.test.ts', `import { start } from '@esa/pg-server'; import 'node:fs'`],
  ['packages/org/src/a.ts', `import { fromMarkdown } from 'mdast-util-from-markdown'`],
])('an allowed import passes: %s: %s', (path, text) => {
  expect(broken(path, text)).toEqual([])
})
