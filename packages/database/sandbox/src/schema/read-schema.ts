import type { Finding } from '@esa/database-catalog/sql'
import { INVALID_INDEXES, KEYS, MARKS } from './catalog-constraints.ts'
import { ROUTINES } from './catalog-routines.ts'
import { type CatalogQuery, SHAPE, TABLES } from './catalog-shape.ts'
import { REACTIONS, VIEWS } from './catalog-views.ts'
import { type DatabaseLocale, readLocale } from './database-locale.ts'
import type { SchemaExtension } from '../ground/sandbox.ts'
import type { TargetSnapshot } from './target-snapshot.ts'
import { uncarriedObjects } from './uncarried-objects.ts'

/** A statement that makes one object, or gives it a property. */
export interface SchemaStep {
  /** The object, for people: `table public.orders`. */
  what: string
  sql: string
}

/** An index that stays invalid when its building is stopped. */
export interface InvalidIndex extends SchemaStep {
  relation: string
}

/** A schema as the statements that make it again. */
export interface SchemaScript {
  version: number
  settings: Map<string, string>
  locale: DatabaseLocale
  extensions: SchemaExtension[]
  /** Roles that the schema may name; without PostgreSQL's own. */
  roles: string[]
  /** What exists before rows are copied: types, routines, tables, partitions. */
  before: SchemaStep[]
  /** What is made when rows are there: keys, indexes, views, foreign keys, triggers. */
  after: SchemaStep[]
  /** Indexes that no query uses, as a build of them did not end. */
  invalid: InvalidIndex[]
  missing: Finding[]
}

const EXTENSIONS = `select e.extname as name, case when exists (select from pg_depend d where d.classid = 'pg_namespace'::regclass and d.objid = n.oid and d.deptype = 'e') then null else n.nspname end as schema
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname <> 'plpgsql' order by e.oid`

const ROLES = `select rolname as name from pg_roles where rolname !~ '^pg_' order by rolname`

/**
 * Reads a schema from the catalogs of a server of version 14 to 18: no program is run and no row is read.
 * `schemas` are the ones to read; null: all of the user's.
 */
export async function readSchema(
  { session, version, settings }: TargetSnapshot,
  schemas: string[] | null,
): Promise<SchemaScript> {
  const steps = async (queries: readonly CatalogQuery[]): Promise<SchemaStep[]> => {
    const found: SchemaStep[] = []
    for (const { query } of queries)
      found.push(...((await session.query(query, [schemas])).rows as unknown as SchemaStep[]))
    return found
  }
  const names = async (query: string) => (await session.query(query)).rows
  return {
    version,
    settings,
    locale: await readLocale(session, String((await names('select current_database() as name'))[0]!['name'])),
    extensions: (await names(EXTENSIONS)) as unknown as SchemaExtension[],
    roles: (await names(ROLES)).map(({ name }) => String(name)),
    before: await steps([...SHAPE, ...ROUTINES, ...TABLES]),
    after: await steps([...KEYS, ...VIEWS, ...MARKS, ...REACTIONS]),
    invalid: (await session.query(INVALID_INDEXES, [schemas])).rows as unknown as InvalidIndex[],
    missing: await uncarriedObjects(session, schemas),
  }
}
