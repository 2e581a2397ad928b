import { describe, expect, it } from 'vitest'
import { scriptMigration } from './migration.ts'

async function works(sql: string) {
  const { steps } = await scriptMigration('f.sql', sql)
  return steps.map(({ id, work }) => [id, work.kind, work.kind === 'statement' ? work.transaction : null])
}

describe('the steps of a script', () => {
  it('are its statements; BEGIN and COMMIT make one of several', async () => {
    expect(await works('select 1; begin; select 2; -- two\n select 3; commit; select 4')).toEqual([
      ['statement-1', 'statement', true],
      ['statement-3', 'statement', true],
      ['statement-6', 'statement', true],
    ])
  })

  it.each([
    'create index concurrently i on t (a)',
    'drop index concurrently i',
    'reindex table concurrently t',
    'reindex schema s',
    'vacuum t',
    'alter table t detach partition p concurrently',
  ])('that no transaction may hold stand alone: %s', async (sql) => {
    expect(await works(sql)).toEqual([['statement-1', 'statement', false]])
  })

  it.each(['set search_path = app', `select pg_catalog.set_config('search_path', '', false)`])(
    'that set up the session are run again by the one that goes on: %s',
    async (sql) => expect(await works(sql)).toEqual([['statement-1', 'session', null]]),
  )

  it('set up the session again with what a block has set for longer than itself', async () => {
    const block = `begin; set search_path = app; create table a (i int); set local work_mem = '1MB'; reset work_mem; commit`
    expect(await works(`${block}; create table b (i int)`)).toEqual([
      ['statement-2', 'statement', true],
      ['statement-2-set', 'session', null],
      ['statement-7', 'statement', true],
    ])
  })

  it.each([
    `with d as (delete from t returning 1) select set_config('a', count(*)::text, false) from d`,
    `select set_config('a', 'b', false), f()`,
    `select set_config('a', f(), false)`,
    `select set_config('a', 'b', false) from t`,
    `select set_config('a', 'b', false) where f()`,
    `select set_config('a', 'b', false) into t`,
    `select set_config('a', 'b', false) order by f()`,
    `select set_config('a', 'b', false) union select f()`,
    `select app.set_config('a', 'b', false)`,
    `select 'set_config'`,
    'set local search_path = app',
  ])('that do more than set up the session are done once, and recorded: %s', async (sql) => {
    expect(await works(sql)).toEqual([['statement-1', 'statement', true]])
  })

  it.each([
    ['select 1;\nbegin; select 2', 'the BEGIN before it has no COMMIT'],
    ['commit', 'there is no BEGIN before it'],
    ['begin; rollback', 'only BEGIN and COMMIT'],
    ['create database d', 'another database'],
    ['alter system set work_mem = 1', 'sets up the server'],
    ['copy t from stdin', 'psql'],
    ['create index concurrently on t (a)', 'name the index'],
    ['create temp table x (i int)', 'ends with its session'],
  ])('are refused with the line and the reason when they cannot be recorded: %s', async (sql, why) => {
    await expect(scriptMigration('f.sql', sql)).rejects.toMatchObject({
      code: 'migration.not-applicable',
      message: expect.stringContaining(why) as string,
    })
  })

  it('change their hash with their text, and keep it through comments', async () => {
    const hashes = async (sql: string) => (await scriptMigration('f.sql', sql)).steps.map(({ hash }) => hash)
    expect(await hashes('-- one\nselect 1')).toEqual(await hashes('select 1'))
    expect(await hashes('select 2')).not.toEqual(await hashes('select 1'))
  })
})
