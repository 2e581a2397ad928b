import { connectPool, createDatabase } from '@esa/pg-server'
import { hasOtherPostgres, startOtherPostgres, type TestServer } from '@esa/pg-server/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { groundAt } from '@esa/database-sandbox/testing'
import { lintScripts } from './lint-scripts.ts'
import { readScript } from './read-script.ts'

const SCHEMA = `create table people (id bigint generated always as identity primary key, email text not null unique,
  age int not null default 3, "Odd Name" int, constraint odd_there check ("Odd Name" is not null));
  create view adults as select id, age from people where age > 17;`

const ALTER = 'alter table people'

/** Scripts of two statements or more, a rule, and the place of the statement that it speaks of; null: of none. */
const CASES: [sql: string, rule: string, at: number | null][] = [
  [`${ALTER} add column a int; ${ALTER} add column b int`, 'alter-tables-apart', 1],
  [`${ALTER} alter email type varchar(90); ${ALTER} alter email type text`, 'alter-tables-apart', null],
  [`${ALTER} alter "Odd Name" set not null; ${ALTER} drop constraint odd_there`, 'alter-tables-apart', null],
  [`${ALTER} add column a int default 1; ${ALTER} alter a drop default`, 'alter-tables-apart', null],
  [`${ALTER} alter age drop default; select 1`, 'default-lost', 0],
  [`${ALTER} alter age drop not null; select 1`, 'not-null-dropped', 0],
  ['update people set age = 1 where 1 = 1; select 1', 'update-without-where', 0],
  ['delete from people where 1 = 1; select 1', 'delete-without-where', 0],
  ['lock table people; select 1', 'execution-failed', 0],
  ['begin; lock table people; commit', 'execution-failed', null],
  ["set local lock_timeout = '1s'; select 1", 'setting-without-effect', 0],
  ['reindex database shop; reindex system shop', 'execution-failed', null],
  ['reindex database shops; select 1', 'execution-failed', 0],
  ['grant connect on database shop to public; select 1', 'execution-failed', null],
  [`${ALTER} add constraint c check (age > 0); select 1`, 'not-repeatable', 0],
  ['create temp table t (i int); create index x on t (i)', 'not-repeatable', null],
]

describe.runIf(hasOtherPostgres())('on another major, the lint', () => {
  let server: TestServer
  let adminUrl: string
  let shop: Awaited<ReturnType<typeof connectPool>>
  beforeAll(async () => {
    server = await startOtherPostgres()
    adminUrl = server.url
    shop = await connectPool(await createDatabase(adminUrl, 'shop'))
    await shop.query(SCHEMA)
  })
  afterAll(async () => {
    await shop.end()
    await server.close()
  })

  it.each(CASES)('judges %s as that server does: %s %s', async (sql, rule, at) => {
    const script = await readScript('a.sql', Buffer.from(sql))
    const ground = groundAt(adminUrl)
    const options = { ground, schema: { from: shop }, independent: false, sizes: new Map() }
    const { statements } = await lintScripts([script], options)
    const found = statements.flatMap(({ findings }, nth) =>
      findings.some((one) => one.rule === rule) ? [nth] : [],
    )
    expect(found).toEqual(at === null ? [] : [at])
  })
})
