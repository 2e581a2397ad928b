import { withDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { ownServer, type ReadTerms, runGuarded } from '@esa/database-catalog/testing'
import { explainQuery } from './explain-query.ts'

const server = ownServer()
let reader: Pool

const VALUE = 'swordfish'

beforeAll(async () => {
  const admin = await server.database(
    'diary',
    `create role reader login password 'p';
    create table notes (id int, of text, note text);
    insert into notes values (1, 'ada', '${VALUE}'), (2, 'reader', '7');
    create view own as select id, note from notes where lower(of) = lower(current_user::text);
    create view lengths as select id, note::int as n from notes;
    create function parsed(text) returns int language sql stable as 'select $1::int';
    create view parsed_notes as select id, parsed(note) as n from notes;
    create table hidden (id int, note text); insert into hidden select * from (values (1, '${VALUE}'), (2, '7')) v;
    create view columns as select id, note = '7' as same, note::date is null as dated from hidden;
    grant select on own, lengths, parsed_notes, columns to reader; grant select (id) on hidden to reader`,
  )
  await admin.query('analyze')
  const url = new URL(withDatabase(server.adminUrl, 'diary'))
  Object.assign(url, { username: 'reader', password: 'p' })
  reader = await server.connect(url.href)
})

const terms: ReadTerms = { caller: 'foreign', allowOwner: false, guardLog: 'warn', warn: () => {} }

/** Everything that an error says, with what caused it. */
function words(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, stack, cause } = error
  return [message, stack, JSON.stringify(error), cause === undefined ? '' : words(cause)].join('\n')
}

const failure = (work: Promise<unknown>): Promise<string> => work.then(() => 'no error', words)

describe('an error does not show a value that the role may not read', () => {
  it.each([
    'select * from own where note::int > 5',
    'select * from own where note::date > current_date',
    'select * from own where note::regclass::int > 5',
    'select * from own where note::regrole::oid::int > 5',
    'select * from own where note::regtype::oid::int > 5',
    `select * from own where now() at time zone note is null`,
    `select * from own where note::jsonb is null`,
    `select * from own where note::bool`,
    `select * from own where note::uuid is null`,
    `select * from own where note::int4range is null`,
    'select sum(n) from lengths',
    'select sum(n) from parsed_notes',
    'select * from columns where dated',
  ])('%s', async (sql) => {
    // The server says it, so there is something to be kept back.
    expect(await failure(reader.query(sql))).toContain(VALUE)
    const said = await failure(runGuarded(reader, sql, { timeoutMs: 5_000, terms }))
    expect(said).toMatch(/SQLSTATE [0-9A-Z]{5}/)
    expect(said).not.toContain(VALUE)
    const explained = await failure(explainQuery(reader, sql, { timeoutMs: 5_000, terms }))
    expect(explained).toMatch(/SQLSTATE [0-9A-Z]{5}/)
    expect(explained).not.toContain(VALUE)
  })
})

it.each([
  [`select 'abc'::int`, 'invalid input syntax for type integer: "abc"'],
  [`select * from own where id = 'abc'`, 'invalid input syntax for type integer: "abc"'],
  ['select * from owned', 'relation "owned" does not exist'],
  ['select note from hidden', 'permission denied for table hidden'],
])('what is wrong with the text itself is said in the server’s words: %s', async (sql, said) => {
  await expect(runGuarded(reader, sql, { timeoutMs: 5_000, terms })).rejects.toMatchObject({ message: said })
})
