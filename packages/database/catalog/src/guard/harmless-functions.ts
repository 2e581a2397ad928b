import type { Queryable } from '../sql/queryable.ts'
import { OWN_MARK } from '../sql/read-only.ts'
import lists from './harmless.generated.json' with { type: 'json' }

/** A function as the catalog describes it. */
export interface CatalogFunction {
  oid: number
  /** As the generated list writes it: `abs(integer)`, `public.net(numeric)`. */
  signature: string
  schema: string
  name: string
  /** Made by initdb. */
  builtIn: boolean
  extension: string | null
  /** `aggregate` and `procedure` are not languages, and are here for want of a body. */
  language: string
  volatility: 'i' | 's' | 'v'
  securityDefiner: boolean
  /** Puts a range together: the server makes such functions with each range type. */
  ofRange: boolean
  /** It runs with settings of its own, so that names in it mean something else. */
  configured: boolean
  /** The server's major version, whose list is used. */
  major: number
}

/** Objects with smaller numbers were made by initdb. Source: FirstNormalObjectId. */
export const FIRST_NORMAL_OID = 16_384

/** Columns of `CatalogFunction`, for a query from `pg_proc p`. */
export const FUNCTION_COLUMNS = `p.oid, n.nspname as schema, p.proname as name,
    case n.nspname when 'pg_catalog' then '' else n.nspname || '.' end || p.proname || '(' ||
      pg_catalog.oidvectortypes(p.proargtypes) || ')' as signature,
    p.oid < ${FIRST_NORMAL_OID} as "builtIn",
    (select e.extname from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid
      where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid
      and d.refclassid = 'pg_catalog.pg_extension'::regclass and d.deptype = 'e') as extension,
    case p.prokind when 'a' then 'aggregate' when 'p' then 'procedure' else l.lanname end as language,
    l.lanname = 'internal' and p.prosrc ~ '^(multi)?range_constructor[0-3]$' as "ofRange",
    p.provolatile as volatility, p.prosecdef as "securityDefiner", p.proconfig is not null as configured,
    pg_catalog.current_setting('server_version_num')::int / 10000 as major`

/** Tables of the columns above. */
export const FUNCTION_TABLES = `pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  join pg_catalog.pg_language l on l.oid = p.prolang`

/** Languages of what initdb makes: with any other, it was put in the place of what initdb made. */
const BUILT_IN_LANGUAGES = new Set(['internal', 'c', 'sql', 'aggregate'])

const perMajor = new Map<number, Set<string>>()

/** Signatures of the built-in functions that compute or read and do no more; empty for a major that was never listed. */
function harmlessOf(major: number): Set<string> {
  const known = perMajor.get(major)
  if (known) return known
  const entries = Object.entries(lists as Record<string, string[]>)
  const list = new Set(
    entries.flatMap(([majors, names]) => (majors.split(' ').includes(String(major)) ? names : [])),
  )
  perMajor.set(major, list)
  return list
}

/** True for a built-in function of the generated list, by its signature: `abs(integer)`, `information_schema.f(oid)`. */
export function isHarmlessFunction(major: number, signature: string): boolean {
  return harmlessOf(major).has(signature)
}

/** Extensions of PostgreSQL and of its widest neighbors whose stable and immutable functions compute and do no more. */
export const COMPUTING_EXTENSIONS: ReadonlySet<string> = new Set(
  `btree_gin btree_gist citext cube earthdistance fuzzystrmatch hstore intarray isn lo ltree pg_stat_statements pg_trgm
  pgcrypto plpgsql postgis seg tsm_system_rows tsm_system_time unaccent uuid-ossp vector`.split(/\s+/),
)

/** True for an extension whose functions compute and do no more. */
export function computesOnly(extension: string): boolean {
  return COMPUTING_EXTENSIONS.has(extension)
}

/** Functions of extensions that read, although they are called volatile. */
const READING_OF_EXTENSIONS = new Set([
  'pg_stat_statements',
  'pg_stat_statements_info',
  'system_rows',
  'system_time',
])

/** `follow`: harmless when its body is. */
export type Verdict = 'harmless' | 'follow' | { refusedBecause: string }

function refused(refusedBecause: string): Verdict {
  return { refusedBecause }
}

function judgeBuiltIn({ signature, language, major }: CatalogFunction): Verdict {
  if (!BUILT_IN_LANGUAGES.has(language)) return refused('it was put in the place of a built-in function')
  if (isHarmlessFunction(major, signature)) return 'harmless'
  return refused('it is not among the functions that are known to only read')
}

function judgeExtension(extension: string, { name, volatility }: CatalogFunction): Verdict {
  if (!COMPUTING_EXTENSIONS.has(extension))
    return refused(`the extension ${extension} is not known to only compute`)
  if (volatility !== 'v' || READING_OF_EXTENSIONS.has(name)) return 'harmless'
  return refused(`the extension ${extension} calls it volatile`)
}

/** What is known of a function before it runs. A function that its author calls IMMUTABLE is not one by that. */
export function judgeFunction(called: CatalogFunction): Verdict {
  if (called.builtIn) return judgeBuiltIn(called)
  if (called.securityDefiner) return refused('it runs with the rights of its owner')
  if (called.ofRange) return 'harmless'
  if (called.extension !== null) return judgeExtension(called.extension, called)
  // What an aggregate does is done by its support functions, which are judged themselves.
  if (called.language === 'aggregate') return 'harmless'
  if (called.language !== 'sql')
    return refused(`what a function in ${called.language} does is not known before it runs`)
  return called.configured ? refused('it runs with settings of its own') : 'follow'
}

/** What is known of one function by itself; a function in SQL is `follow`: its body decides, and was not looked at. */
export interface KnownFunction {
  oid: number
  name: string
  verdict: Verdict
}

/**
 * What is known of functions by their object ids, one query: `harmless` are those of the generated list and the computing
 * ones of known extensions. An id that the catalog lacks is not in the answer.
 */
export async function knownHarmless(queryable: Queryable, oids: readonly number[]): Promise<KnownFunction[]> {
  if (oids.length === 0) return []
  const { rows } = await queryable.query(
    `select ${OWN_MARK} ${FUNCTION_COLUMNS} from ${FUNCTION_TABLES} where p.oid = any($1::oid[])`,
    [oids],
  )
  return (rows as unknown as CatalogFunction[]).map((one) => ({
    oid: one.oid,
    name: `${one.schema}.${one.name}`,
    verdict: judgeFunction(one),
  }))
}

/** The schemas in which a name without one is looked up, at this moment. */
export async function schemasOfPath(session: Queryable): Promise<string[]> {
  const { rows } = await session.query(
    `select ${OWN_MARK} pg_catalog.current_schemas(true)::pg_catalog.text[] as schemas`,
  )
  return rows[0]!['schemas'] as string[]
}

/** Every function of these names, in these schemas where a name has none. */
export async function functionsNamed(
  queryable: Queryable,
  names: readonly { schema: string | null; name: string }[],
  schemas: readonly string[],
): Promise<CatalogFunction[]> {
  const { rows } = await queryable.query(
    `select ${OWN_MARK} ${FUNCTION_COLUMNS} from ${FUNCTION_TABLES}
      join unnest($1::text[], $2::text[]) called(schema, name) on p.proname = called.name
      where case when called.schema is null then n.nspname = any($3::text[]) else n.nspname = called.schema end`,
    [names.map(({ schema }) => schema), names.map(({ name }) => name), schemas],
  )
  return rows as unknown as CatalogFunction[]
}
