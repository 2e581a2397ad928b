import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AdvisedIndex, Recommendation } from '@esa/database-advice/advise'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { drizzleAdvice } from './drizzle-advice.ts'
import { drizzleSchema } from './drizzle-project.ts'

const head = `import { bigint, index, pgTable, text, timestamp } from 'drizzle-orm/pg-core'\nimport { sql } from 'drizzle-orm'\n`
const schemaWith = (indexes: readonly string[]): string =>
  `${head}export const orders = pgTable('orders', { id: bigint({ mode: 'number' }).primaryKey(), customerId: bigint('customer_id', { mode: 'number' }),
    placedAt: timestamp(), note: text(), 'odd key': text('odd') }, (t) => [${indexes.join(', ')}])`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'esa-drizzle-advice-'))
  await symlink(join(import.meta.dirname, '../../../../store/node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'package.json'), '{"type": "module"}')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const config = async (name: string, indexes: readonly string[] = []): Promise<string> => {
  await mkdir(join(folder, name))
  await writeFile(join(folder, name, 'schema.ts'), schemaWith(indexes))
  const file = join(folder, name, 'drizzle.config.ts')
  await writeFile(
    file,
    `export default { dialect: 'postgresql', schema: './schema.ts', casing: 'snake_case' }`,
  )
  return file
}

const key = (
  column: string | null,
  more: Partial<AdvisedIndex['keys'][number]> = {},
): AdvisedIndex['keys'][number] => {
  return { column, sql: column ?? '', opclass: null, descending: false, nullsFirst: false, ...more }
}
const advised = (
  name: string,
  keys: AdvisedIndex['keys'],
  more: Partial<AdvisedIndex> = {},
): Recommendation => ({
  ddl: `CREATE INDEX ${name}`,
  sizeBytes: 1,
  method: 'rehearsed',
  because: '',
  queries: [],
  buildMs: 1,
  writes: null,
  index: {
    schema: 'public',
    table: 'orders',
    name,
    method: 'btree',
    keys,
    include: [],
    where: null,
    settings: null,
    ...more,
  },
})

it('gives advice as members of a Drizzle schema that come to the same index', async () => {
  const recommendations = [
    advised('plain', [key('customer_id'), key('placed_at', { descending: true, nullsFirst: true })]),
    advised('odd one', [key('odd')], { where: `note = 'it''s'` }),
    advised('lowered', [key(null, { sql: 'lower(note)' })]),
    advised('beginning', [key('note', { opclass: 'text_pattern_ops' })]),
    advised('ordered', [key('placed_at')], { method: 'brin', settings: 'pages_per_range = 32' }),
  ]
  const { changes, left } = await drizzleAdvice(await config('bare'), recommendations)
  expect(left).toEqual([])
  expect(changes.every(({ file, table }) => file.endsWith('schema.ts') && table === 'orders')).toBe(true)
  const sql = await drizzleSchema(
    await config(
      'changed',
      changes.map(({ code }) => code),
    ),
  )
  const made = sql.split('\n').filter((line) => line.startsWith('CREATE INDEX'))
  expect(made).toEqual([
    'CREATE INDEX CONCURRENTLY "plain" ON "orders" USING btree ("customer_id","placed_at" DESC NULLS FIRST);',
    `CREATE INDEX CONCURRENTLY "odd one" ON "orders" USING btree ("odd") WHERE note = 'it''s';`,
    'CREATE INDEX CONCURRENTLY "lowered" ON "orders" USING btree ((lower(note)));',
    'CREATE INDEX CONCURRENTLY "beginning" ON "orders" USING btree ("note" text_pattern_ops);',
    'CREATE INDEX CONCURRENTLY "ordered" ON "orders" USING brin ("placed_at") WITH (pages_per_range=32);',
  ])
})

it('says what a Drizzle schema has no words for', async () => {
  const partless = ({ index: _, ...rest }: Recommendation): Recommendation => rest
  const recommendations = [
    advised('carrying', [key('id')], { include: ['note'] }),
    advised('other', [key('id')], { table: 'absent' }),
    advised('unknown', [key('gone')]),
    partless(advised('extension', [])),
  ]
  const { changes, left } = await drizzleAdvice(await config('silent'), recommendations)
  expect(changes).toEqual([])
  expect(left.map(({ why }) => why)).toEqual([
    'Drizzle has no INCLUDE',
    'its table is not in the schema',
    'gone is not in the schema',
    'a Drizzle schema has no words for it',
  ])
})
