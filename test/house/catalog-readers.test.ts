import { expect, it } from 'vitest'
import { isEquipment } from './arrows.ts'
import { sourceFiles } from './source-files.ts'

/**
 * Files that still read pg_class by a query of their own. What a database is made of is read in one place, `readCatalog`
 * of packages/database/catalog; the sandbox copies from the catalogs, the guard judges by them. This number only falls.
 */
const READERS_LEFT = 40

const QUERIES_PG_CLASS = /\b(?:from|join)\s+(?:pg_catalog\.)?pg_class\b/i

it('the catalogs of a database are read in one place', () => {
  const readers = sourceFiles('packages/database/{migrations,advice,plugin}/src/**/*.ts')
    .filter(({ path, text }) => !isEquipment(path) && QUERIES_PG_CLASS.test(text))
    .map(({ path }) => path)
  expect(readers.length === READERS_LEFT ? [] : readers).toEqual([])
})
