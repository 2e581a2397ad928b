import { beforeAll, describe, expect, it } from 'vitest'
import type { Pool } from 'pg'
import { scriptMigration, planBetween } from '@esa/database-migrations/plan'
import { ON_COPY } from '@esa/database-catalog/guard'
import { lintScripts, readScript } from '@esa/database-migrations/lint'
import { ownServer } from '@esa/database-catalog/testing'
import { type Verdict, verifyMigration } from '@esa/database-migrations/verify'
import { groundAt, type TestGround } from '@esa/database-sandbox/testing'
import { withRehearsal, rehearseScripts } from '@esa/database-sandbox'
import { explainQuery } from '../queries/explain-query.ts'

/**
 * A target with an extension that the server of rehearsals has not: it is called otherwise in the target's catalog. A table
 * of its type cannot be copied, another one can.
 */
const TARGET = `create extension citext;
  create table places (id int primary key, name citext, zip int); insert into places select i, 'P' || i, i from generate_series(1, 20000) i;
  create table plain (id int primary key, note text); insert into plain select i, 'n' from generate_series(1, 10) i;
  analyze; update pg_extension set extname = 'nowhere' where extname = 'citext'`

const PLACES = /may rely on table public\.places, which could not be made/

describe('what needs an extension that the server of rehearsals has not', () => {
  const server = ownServer()
  let ground: TestGround
  let target: Pool
  beforeAll(async () => {
    ground = groundAt(server.adminUrl)
    target = await server.database('lacking', TARGET)
  })

  const lint = async (sql: string) => {
    const options = { ground, independent: true, schema: { from: target }, sizes: new Map() }
    const { statements } = await lintScripts([await readScript('a.sql', Buffer.from(sql))], options)
    return statements[0]!
  }
  const verify = (sql: string): Promise<Verdict> =>
    withRehearsal(
      {
        ground,
        id: 'lacking',
        schema: { from: target },
        rows: { mode: 'sample', maxBytes: 1e9, maxMs: 60_000 },
      },
      async ({ queryable, tables, missing }) =>
        verifyMigration(
          { queryable, whole: tables.every(({ complete }) => complete), missing },
          await scriptMigration('a.sql', sql),
          () => {},
        ),
    )

  it.each([
    ['alter table places add column more int', PLACES],
    ['create index on public.places (id)', PLACES],
    ['alter table plain add column c citext', /may rely on the extension nowhere/],
    ['create index on plain (citext(note))', /may rely on the extension nowhere/],
  ])('gets no verdict of the lint, and the reason: %s', async (sql, why) => {
    const { method, findings } = await lint(sql)
    expect(method).toBe('parsed')
    expect(findings).toContainEqual(
      expect.objectContaining({ rule: 'unmeasured', message: expect.stringMatching(why) }),
    )
    expect(findings.map(({ rule }) => rule)).not.toContain('execution-failed')
  })

  it('and a name that is not there at all still fails', async () => {
    for (const sql of ['alter table plases add column more int', 'alter table plain drop column gone'])
      expect((await lint(sql)).findings.map(({ rule }) => rule)).toContain('execution-failed')
  })

  it.each([
    ['alter table places add column more int', PLACES],
    ['drop table if exists places', /places.* could not be copied/],
    ['alter table plain add column more int', /places.* could not be copied/],
  ])('is not called lossless: %s', async (sql, why) => {
    const { lossless, findings } = await verify(sql)
    expect(lossless).toBeNull()
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'unmeasured', message: expect.stringMatching(why) }),
    )
  })

  it('is lost all the same where the loss was seen', async () => {
    expect((await verify('delete from plain where id = 1')).lossless).toBe(false)
  })

  it('is skipped by a rehearsal', async () => {
    const [statement] = await withRehearsal(
      { ground, id: 'lacking', schema: { from: target } },
      (rehearsal) => rehearseScripts(rehearsal, [{ file: 'a.sql', sql: 'create index on places (zip)' }]),
    )
    expect(statement).toMatchObject({ outcome: 'skipped', why: expect.stringMatching(PLACES) })
  })

  it('is left out of a plan, which says so; what does not need it is planned', async () => {
    const scripts = [
      "alter table places alter column name type text using name || '!'; alter table plain add column more int;",
    ]
    const { changes, notes } = await planBetween({
      ground,
      from: { from: target },
      to: { scripts },
      hints: {},
    })
    expect(changes.map(({ about }) => about)).toEqual([expect.stringContaining('public.plain.more')])
    expect(notes).toContainEqual(
      expect.stringMatching(/line 1 of the change: may rely on table public\.places.*left out/),
    )
  })

  it('is explained without what a copy would have shown', async () => {
    const { findings } = await explainQuery(target, 'select id from places where zip = 7', {
      timeoutMs: 10_000,
      terms: ON_COPY,
      onCopy: (work) =>
        withRehearsal({ ground, id: 'lacking', schema: { from: target } }, ({ queryable }) =>
          work(queryable),
        ),
    })
    expect(findings.map(({ message }) => message).join()).toMatch(
      /was not tried: the copy does not run the statement/,
    )
  })
})
