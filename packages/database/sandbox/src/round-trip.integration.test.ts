import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { connectPool, withDatabase } from '@esa/pg-server'
import {
  hasOtherClients,
  hasOtherPostgres,
  startOtherPostgres,
  type TestServer,
} from '@esa/pg-server/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import type { Queryable } from '@esa/database-catalog/sql'
import { groundAt, type TestGround } from '../testing/ground.ts'
import { type RehearsalGround, using } from './ground/ground.ts'
import { type Rehearsal, withRehearsal } from './open-rehearsal.ts'
import { parseSchema } from './run-script.ts'
import { readSchema, type SchemaScript } from './schema/read-schema.ts'
import { inTargetSnapshot } from './schema/target-snapshot.ts'

async function majorOf(url: string): Promise<number> {
  const pool = await connectPool(url)
  const { rows } = await pool.query<{ v: string }>(`select current_setting('server_version') as v`)
  await pool.end()
  return Number.parseInt(rows[0]!.v)
}

const scriptOf = (file: string) => readFile(new URL(`../testing/${file}`, import.meta.url), 'utf8')
const roundTrip = <T>(
  [from, to]: [TestGround, RehearsalGround],
  sql: string[],
  work: (original: Original, copy: Rehearsal) => Promise<T>,
) =>
  onOriginal(from, sql, (original) =>
    withRehearsal({ ground: to, id: 'copy', schema: { from: original.queryable } }, (copy) =>
      work(original, copy),
    ),
  )

type Original = Pick<Rehearsal, 'name' | 'queryable'>

/** A database that a superuser made: it may hold what no tester makes. */
async function onOriginal<T>(
  ground: TestGround,
  sql: string[],
  work: (original: Original) => Promise<T>,
): Promise<T> {
  const name = 'original'
  await ground.createDatabase(name)
  try {
    for (const script of sql) {
      const statements = await parseSchema(script)
      await using(ground.open(name, undefined, 1), async (session) => {
        for (const { text } of statements) await session.query(text)
      })
    }
    return await using(ground.open(name), (queryable) => work({ name, queryable }))
  } finally {
    await ground.dropDatabase(name)
  }
}

/**
 * Another view of the catalogs than the one that copies: whole rows, without what only numbers things. Whether a key of a
 * partition is inherited depends on how it was attached, and its foreign keys get names by chance: pg_dump changes both, too.
 */
const DESCRIPTION = `
  with own as (select c.oid, c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname !~ '^(pg_|information_schema)'
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e'))
  select 'class ' || o.name as what, to_jsonb(c) - '{oid,relnamespace,reltype,relowner,relfilenode,reltoastrelid,relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid,relacl,reloftype,reltablespace}'::text[]
    || jsonb_build_object('of', c.reloftype::regtype, 'partkey', pg_get_partkeydef(c.oid), 'view', pg_get_viewdef(c.oid), 'index', case when c.relkind in ('i', 'I') then pg_get_indexdef(c.oid) end, 'bound', pg_get_expr(c.relpartbound, c.oid)) as row
    from own o join pg_class c on c.oid = o.oid
  union all select 'column ' || o.name || '.' || a.attname, to_jsonb(a) - '{attrelid,atttypid,attcollation,attacl,attcacheoff,atthasmissing,attmissingval}'::text[]
    || jsonb_build_object('type', format_type(a.atttypid, a.atttypmod), 'collation', a.attcollation::regcollation, 'default', pg_get_expr(d.adbin, d.adrelid))
    from own o join pg_attribute a on a.attrelid = o.oid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum where a.attnum > 0
  union all select 'constraint ' || coalesce(o.name, k.contypid::regtype::text) || '.' || k.conname, to_jsonb(k) - '{oid,connamespace,conrelid,contypid,conindid,conparentid,confrelid,conpfeqop,conppeqop,conffeqop,conexclop,conbin}'::text[] - case when k.contype in ('p', 'u', 'x') then 'connoinherit' else '' end || jsonb_build_object('def', pg_get_constraintdef(k.oid), 'child', k.conparentid <> 0)
    from pg_constraint k left join own o on o.oid = k.conrelid where (o.oid is not null or k.contypid <> 0 and k.oid >= 16384) and not (k.contype = 'f' and k.conparentid <> 0)
  union all select 'index ' || o.name, to_jsonb(x) - '{indexrelid,indrelid,indcollation,indclass,indexprs,indpred}'::text[] from own o join pg_index x on x.indexrelid = o.oid
  union all select 'inherits ' || o.name, jsonb_build_object('parent', i.inhparent::regclass, 'nth', i.inhseqno) from own o join pg_inherits i on i.inhrelid = o.oid
  union all select 'trigger ' || o.name || '.' || t.tgname, jsonb_build_object('def', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled, 'clone', t.tgparentid <> 0) from own o join pg_trigger t on t.tgrelid = o.oid where not t.tgisinternal
  union all select 'sequence ' || o.name, to_jsonb(s) - '{seqrelid,seqtypid}'::text[] || jsonb_build_object('type', s.seqtypid::regtype, 'last', pg_sequence_last_value(o.oid)) from own o join pg_sequence s on s.seqrelid = o.oid
  union all select 'function ' || p.oid::regprocedure, to_jsonb(p) - '{oid,pronamespace,proowner,proacl,prosqlbody,proargdefaults,prorettype,proargtypes,proallargtypes,provariadic}'::text[] || jsonb_build_object('result', p.prorettype::regtype, 'in', pg_get_function_arguments(p.oid), 'body', pg_get_function_sqlbody(p.oid))
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname !~ '^(pg_|information_schema)' and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  union all select 'policy ' || o.name || '.' || p.polname, jsonb_build_object('cmd', p.polcmd, 'permissive', p.polpermissive, 'roles', p.polroles, 'using', pg_get_expr(p.polqual, o.oid), 'check', pg_get_expr(p.polwithcheck, o.oid)) from own o join pg_policy p on p.polrelid = o.oid
  union all select 'rule ' || o.name || '.' || r.rulename, jsonb_build_object('def', pg_get_ruledef(r.oid), 'enabled', r.ev_enabled) from own o join pg_rewrite r on r.ev_class = o.oid
  union all select 'statistics ' || s.stxname, jsonb_build_object('def', pg_get_statisticsobjdef(s.oid), 'target', s.stxstattarget) from pg_statistic_ext s
  union all select 'event trigger ' || e.evtname, to_jsonb(e) - '{oid,evtowner,evtfoid}'::text[] from pg_event_trigger e
  union all select 'enum ' || e.enumtypid::regtype || '.' || e.enumlabel, to_jsonb(rank() over (partition by e.enumtypid order by e.enumsortorder)) from pg_enum e
  union all select 'comment ' || i.type || ' ' || i.identity, to_jsonb(d.description) from pg_description d cross join lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) i where d.objoid >= 16384
  order by 1`

async function describeDatabase(database: Queryable): Promise<unknown[]> {
  return (await database.query(DESCRIPTION)).rows
}

/** What both versions can say, in one manner of saying it: 18 gives NOT NULL a name, and writes views with fewer names. */
function commonOf({ before, after }: SchemaScript): string[] {
  return [...before, ...after]
    .filter(({ what, sql }) => !/^(?:materialized )?view /.test(what) && !sql.endsWith(' set not null'))
    .map(({ what, sql }) => `${what}: ${sql.replaceAll(NOT_NULL, '')}`)
    .toSorted()
}

const NOT_NULL = /,? constraint (?:"[^"]+"|\w+) NOT NULL(?: (?:"[^"]+"|\w+)(?=[,)]))?| not null/g

describe('a copy of a schema', () => {
  const server = ownServer()
  let embedded: TestGround
  beforeAll(async () => {
    embedded = groundAt(server.adminUrl)
  })

  it('is described by PostgreSQL 18 as its original is', async () => {
    const sql = [await scriptOf('rich-schema.sql'), await scriptOf('rich-schema-18.sql')]
    await roundTrip([embedded, embedded], sql, async (original, copy) => {
      expect(copy.missing).toEqual([])
      const described = await describeDatabase(original.queryable)
      expect(described.length).toBeGreaterThan(300)
      expect(await describeDatabase(copy.queryable)).toEqual(described)
    })
  })

  it('has invalid indexes as they are, with rows', async () => {
    const name = 'interrupted'
    await embedded.createDatabase(name)
    try {
      await using(embedded.open(name), async (from) => {
        await from.query(
          `create table "Twice" (id int, "a b" text); insert into "Twice" values (1, 'x'), (1, 'x'); create index fine on "Twice" (id)`,
        )
        // No two rows are alike, so that it cannot be built.
        const sql = `create unique index concurrently "By a" on "Twice" ("a b", lower("a b")) where id > 0`
        await expect(from.query(sql)).rejects.toThrow(/could not create unique index/)
        await from.query(`comment on index "By a" is 'half a build'`)
        const rows = { mode: 'full', maxBytes: 1e9, maxMs: 60_000 } as const
        await withRehearsal({ ground: embedded, id: 'invalid', schema: { from }, rows }, async (copy) => {
          expect(copy.missing).toEqual([])
          const { rows: indexes } = await copy.queryable.query(
            `select relname as name, indisvalid as valid, pg_get_indexdef(indexrelid) as def, obj_description(indexrelid) as said
             from pg_index x join pg_class c on c.oid = x.indexrelid where x.indrelid = '"Twice"'::regclass order by 1`,
          )
          expect(indexes).toMatchObject([
            { name: 'By a', valid: false, said: 'half a build' },
            { name: 'fine', valid: true },
          ])
          expect(indexes[0]!['def']).toMatch(/UNIQUE INDEX "By a" ON public."Twice" .*WHERE \(id > 0\)/)
          await expect(
            copy.queryable.query('alter table "Twice" add constraint c unique using index "By a"'),
          ).rejects.toThrow(/not valid/)
        })
      })
    } finally {
      await embedded.dropDatabase(name)
    }
  })

  it('says what could not be made, and leaves only that out', async () => {
    const lost = `create function lost() returns int language internal as 'pg_backend_pid'; update pg_proc set probin = 'nowhere', prolang = 13 where proname = 'lost'`
    const watch = `create function on_ddl() returns event_trigger language plpgsql as $$ begin end $$;
      create event trigger watch_ddl on ddl_command_end execute function on_ddl()`
    const invalid = `update pg_index set indisvalid = false where indexrelid = 'kept_pkey'::regclass`
    const sql = [`create table kept (id int primary key); ${lost}; ${watch}; ${invalid}`]
    await roundTrip([embedded, embedded], sql, async (_, copy) => {
      expect(copy.missing).toMatchObject([
        { kind: 'not-rehearsed', evidence: { what: 'event triggers', names: ['watch_ddl'] } },
        {
          kind: 'not-rehearsed',
          evidence: {
            what: 'marks of invalid indexes of keys and materialized views',
            names: ['public.kept_pkey'],
          },
        },
        { kind: 'not-rehearsed', evidence: { count: 1 } },
      ])
      expect(copy.missing[2]!.message).toMatch(/^function public\.lost\(\) could not be made .*language c/)
      expect((await copy.queryable.query('select count(*)::int as n from kept')).rows).toEqual([{ n: 0 }])
    })
  })

  describe.runIf(hasOtherPostgres())('of another major', () => {
    let server: TestServer
    let ground: TestGround
    beforeAll(async () => {
      server = await startOtherPostgres()
      ground = groundAt(server.url)
    })
    afterAll(() => server.close())

    const dump = (name: string) =>
      execFileSync('pg_dump', ['--schema-only', '--no-owner', withDatabase(server.url, name)], {
        encoding: 'utf8',
      })
        .split('\n')
        .filter((line) => !/^\\(?:un)?restrict /.test(line))

    it.runIf(hasOtherClients()).each(['rich-schema.sql', 'entangled-schema.sql'])(
      'is dumped as its original is: %s',
      async (file) => {
        await roundTrip([ground, ground], [await scriptOf(file)], async (original, copy) => {
          expect(copy.missing).toEqual([])
          expect(dump(copy.name)).toEqual(dump(original.name))
        })
      },
    )

    it('on 18 has the same objects, and says that the version differs', async () => {
      const rich = await scriptOf('rich-schema.sql')
      const sql = (await majorOf(server.url)) < 15 ? rich.replaceAll(' nulls not distinct', '') : rich
      await roundTrip([ground, embedded], [sql], async (original, copy) => {
        expect(copy.missing).toEqual([expect.objectContaining({ kind: 'version-differs' })])
        const read = (database: Queryable) =>
          inTargetSnapshot(database, (snapshot) => readSchema(snapshot, null))
        expect(commonOf(await read(copy.queryable))).toEqual(commonOf(await read(original.queryable)))
      })
    })
  })
})
