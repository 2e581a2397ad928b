import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectPool } from '@esa/pg-server'
import { hasOtherClients, OTHER_BIN, startOtherPostgres } from '@esa/pg-server/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { groundAt, type TestGround } from '@esa/database-sandbox/testing'
import { type SchemaSource, withRehearsal, rehearseScripts } from '@esa/database-sandbox'
import { lintScripts, type LintReport } from './lint-scripts.ts'
import { readScript } from './read-script.ts'

const HOSTED = readFileSync(join(import.meta.dirname, '../../testing/hosted-schema.sql'), 'utf8')

/** What such a project's migrations hold. */
const MIGRATION = `
create extension if not exists pgcrypto with schema extensions;
create table public.notes (id uuid primary key default extensions.gen_random_uuid(), owner uuid not null references auth.users, body text);
alter table public.notes enable row level security;
create policy "own notes" on public.notes using ((select auth.uid()) = owner);
grant select on public.notes to anon, authenticated;
alter publication supabase_realtime add table public.notes;
alter table public.profiles add column bio text;
create index concurrently messages_author on public.messages (author);
create function public.secret() returns text language sql security definer set search_path = '' as $$ select encode(extensions.digest('x', 'sha256'), 'hex') $$;
alter default privileges for role supabase_admin in schema public grant select on tables to anon;
update public.profiles set token = encode(extensions.gen_random_bytes(8), 'hex') where token is null;
create trigger again after update on auth.users for each row execute function public.handle_new_user();
drop policy "own profile" on public.profiles;
`

const NOT_TRIED = /^(?:execution-failed|unmeasured|not-executed)$/

describe('the schema of a hosted platform', () => {
  const server = ownServer()
  let ground: TestGround
  beforeAll(() => {
    ground = groundAt(server.adminUrl)
  })

  /** Statements without a verdict, and why; what is about the server's roles and databases is never tried. */
  const lint = async (sql: string, schema: SchemaSource | null) => {
    const script = await readScript('a.sql', Buffer.from(sql))
    const report = await lintScripts([script], { ground, schema, independent: false, sizes: new Map() })
    return { ...report, without: withoutVerdict(report) }
  }
  const withoutVerdict = ({ statements }: LintReport): string[] =>
    statements.flatMap(({ text, findings }) =>
      findings
        .filter(({ rule, message }) => NOT_TRIED.test(rule) && !/beyond the database/.test(message))
        .map(({ rule, message }) => `${rule}: ${text.slice(0, 25)}: ${message.slice(0, 26)}`),
    )

  it('is linted and rehearsed: what a plain role cannot do has no verdict, and nothing fails', async () => {
    expect((await lint(HOSTED, null)).without).toEqual([
      'unmeasured: create extension if not e: needs a superuser',
      'not-executed: create extension if not e: the extension pg_graphql i',
      'unmeasured: create event trigger pgrs: needs a superuser',
    ])
    const done = await withRehearsal({ ground, id: 'hosted', schema: null }, (rehearsal) =>
      rehearseScripts(rehearsal, [{ file: 'a.sql', sql: HOSTED }]),
    )
    expect(done.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    const skipped = done.filter(({ outcome, why = '' }) => outcome === 'skipped' && !/beyond/.test(why))
    expect(skipped.map(({ line }) => line)).toEqual([21, 22, 88])
  })

  it('is a schema for others, with extensions in a schema that it makes', async () => {
    const { missing, without } = await lint(MIGRATION, { sql: HOSTED })
    expect(missing).toMatchObject([{ kind: 'not-rehearsed', evidence: { count: 2 } }])
    expect(without).toEqual([])
  })

  it.runIf(hasOtherClients())(
    'is copied from another server, and so is what pg_dump writes of it',
    async () => {
      const other = await startOtherPostgres()
      const pool = await connectPool(other.url, { max: 2 })
      try {
        await pool.query('create role postgres')
        await pool.query(HOSTED.replace(/^.*pg_graphql.*$/m, ''))
        const copied = await lint(MIGRATION, { from: pool })
        expect(copied.missing.map(({ kind }) => kind)).toEqual(['version-differs', 'not-rehearsed'])
        expect(copied.without).toEqual([])
        const dump = execFileSync(join(OTHER_BIN, 'pg_dump'), ['--schema-only', other.url], {
          encoding: 'utf8',
        })
        const dumped = await lint(MIGRATION, { sql: dump })
        expect(dumped.missing).toMatchObject([{ kind: 'not-rehearsed', evidence: { count: 3 } }])
        expect(dumped.without).toEqual([])
        const alone = await lint(dump, null)
        expect(alone.without.map((line) => line.slice(0, 30))).toEqual([
          'unmeasured: CREATE EXTENSION I',
          'unmeasured: COMMENT ON EXTENSI',
          'unmeasured: CREATE EVENT TRIGG',
          'unmeasured: ALTER EVENT TRIGGE',
        ])
        expect(alone.statements.length).toBeGreaterThan(90)
      } finally {
        await pool.end()
        await other.close()
      }
    },
  )

  it('blames what was not tried only for what it may have made', async () => {
    const said = await lint(
      `create extension pg_stat_statements; select * from pg_stat_statements; select * from nowhere`,
      null,
    )
    expect(said.without).toEqual([
      'unmeasured: create extension pg_stat_: needs a superuser',
      'unmeasured: select * from pg_stat_sta: may rely on line 1, which ',
      'unmeasured: select * from nowhere: may rely on line 1, which ',
    ])
    const other = await lint('set session_replication_role = replica; select * from nowhere', null)
    expect(other.without).toEqual([
      'unmeasured: set session_replication_r: needs a superuser',
      'execution-failed: select * from nowhere: relation "nowhere" does no',
    ])
  })
})
