import { expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { relationsNamed } from '@esa/database-catalog'
import { readTables } from './table-catalog.ts'

const server = ownServer()

it('tells indexes of another collation, order or operator class by their keys', async () => {
  const pool = await server.database(
    'keys',
    `create table ct (name text, code text collate "C", n int, first_name text);
     create index a_plain on ct (name, n desc);
     create index b_c on ct (name collate "C", n);
     create index c_code on ct (code);
     create index d_code_default on ct (code collate "default");
     create index e_lower on ct (lower(name));
     create index f_lower_c on ct (lower(name) collate "C" text_pattern_ops desc);
     create index g_lower_code on ct (lower(code));
     create index h_lower_default on ct (lower(code) collate "default");
     create index i_two on ct (name, first_name collate "C");`,
  )
  const facts = (await readTables(pool, await relationsNamed(pool, ['ct']))).get('ct')!
  expect(facts.indexes.map(({ keys }) => keys)).toEqual([
    ['name', 'n DESC'],
    ['name COLLATE "C"', 'n'],
    ['code'],
    ['code COLLATE "default"'],
    ['lower(name)'],
    ['lower(name) COLLATE "C" DESC text_pattern_ops'],
    ['lower(code)'],
    ['lower(code) COLLATE "default"'],
    ['name', 'first_name COLLATE "C"'],
  ])
})
