import { beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { groundAt, type TestGround } from '@esa/database-sandbox/testing'
import { type SchemaSource, withRehearsal } from '@esa/database-sandbox'
import { scriptMigration } from '../plan/steps/migration.ts'
import { type Verdict, verifyMigration } from './verify-migration.ts'

const ROWS = 'select n, repeat(md5(n::text), 2) from generate_series(1, 100) n'

/** Two tables of a hundred rows; the policy of one hides all of them from its owner, too. */
const SCHEMA = `create table hidden (id int primary key, name text); insert into hidden ${ROWS};
create table plain (id int primary key, name text); insert into plain ${ROWS};
create policy none on hidden using (false); alter table hidden enable row level security, force row level security;`

/** Migrations, and whether all rows and values are there afterwards. */
const CASES: [sql: string, lossless: boolean][] = [
  ['alter table hidden add column more int', true],
  ['delete from hidden', false],
  ['alter table hidden no force row level security; delete from hidden where id > 90', false],
  ['alter table hidden disable row level security; update hidden set name = null where id = 1', false],
  ['alter table hidden drop column name', false],
  ['drop table hidden', false],
  [
    'create policy none on plain using (false); alter table plain enable row level security, force row level security',
    true,
  ],
  [`do $$ begin alter table hidden force row level security; delete from hidden; end $$`, false],
  [
    'begin; create policy none on plain using (false); alter table plain enable row level security, force row level security; delete from plain; commit',
    false,
  ],
  [
    'delete from plain where id = 1; create policy none on plain using (false); alter table plain enable row level security, force row level security',
    false,
  ],
]

describe('a table whose policies hold its owner', () => {
  const server = ownServer()
  let ground: TestGround
  beforeAll(() => {
    ground = groundAt(server.adminUrl)
  })

  const verify = (schema: SchemaSource, sql: string, seesAllRows = true): Promise<Verdict> =>
    withRehearsal(
      {
        ground,
        id: 'policies',
        schema,
        seesAllRows,
        ...('from' in schema ? { rows: { mode: 'full', maxBytes: 1e9, maxMs: 60_000 } as const } : {}),
      },
      async ({ queryable }) =>
        verifyMigration(
          { queryable, whole: true, missing: [] },
          await scriptMigration('a.sql', sql),
          () => {},
        ),
    )

  it.each(CASES)('is verified by all of its rows: %s', async (sql, lossless) => {
    const verdict = await verify({ sql: SCHEMA }, sql)
    expect([verdict.lossless, verdict.rows]).toEqual([lossless, 200])
  })

  it('is copied with all of its rows', async () => {
    const from = await server.database('policed', SCHEMA)
    const deleted = await verify({ from }, CASES[2]![0])
    expect([deleted.lossless, deleted.rows]).toEqual([false, 200])
    expect((await verify({ from }, CASES[0]![0])).lossless).toBe(true)
  })

  it.each([
    CASES[0]![0],
    CASES[1]![0],
    'alter table plain enable row level security, force row level security',
  ])('is not measured where the server gives no role that sees it: %s', async (sql) => {
    const schema = sql.includes('plain') ? SCHEMA.replace(/create policy.*/, '') : SCHEMA
    const { lossless, findings } = await verify({ sql: schema }, sql, false)
    expect([lossless, findings.map(({ kind }) => kind)]).toEqual([null, ['unmeasured']])
  })
})
