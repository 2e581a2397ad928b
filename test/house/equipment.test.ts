import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Manifest } from './arrows.ts'
import { equipmentInSource, type Package } from './equipment.ts'
import { sourceFiles } from './source-files.ts'

/** Given to drizzle-kit by its path. */
const TABLES = 'packages/store/src/schema.ts'

const packages = new Map<string, Package>(
  sourceFiles('{packages/**,escalation,agents}/package.json').map(({ path, text }) => {
    const manifest = JSON.parse(text) as Manifest
    return [manifest.name, { folder: dirname(path), exports: manifest.exports ?? {} }]
  }),
)

describe('test equipment', () => {
  it('is in no src', () => {
    const files = sourceFiles('{packages,escalation,agents,test}/**/*.{ts,tsx}')
    const found = equipmentInSource(files, packages)
    expect(found.filter((line) => !line.startsWith(TABLES))).toEqual([])
  })

  it.each([
    ['a test beside it', 'packages/store/src/a.test.ts', './stub.ts'],
    ['equipment', 'packages/store/testing/a.ts', '../src/stub.ts'],
    ['a test of another package', 'test/e2e/a.ts', '@esa/store/stub'],
  ])('is seen in src where only %s imports it', (_, path, specifier) => {
    const store = { folder: 'packages/store', exports: { './stub': './src/stub.ts' } }
    const files = [
      { path: 'packages/store/src/stub.ts', text: '' },
      { path, text: `import '${specifier}'` },
    ]
    const found = (more: typeof files): string[] =>
      equipmentInSource([...files, ...more], new Map([['@esa/store', store]]))
    expect(found([])).toHaveLength(1)
    expect(found([{ path: 'packages/store/src/used.ts', text: `import './stub.ts'` }])).toEqual([])
  })
})
