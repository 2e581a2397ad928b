import type { Node, RangeVar } from '@pgsql/types'
import { computesOnly, FIRST_NORMAL_OID, schemasOfPath, type CalledName } from '@esa/database-catalog/guard'
import {
  type Queryable,
  inReadOnly,
  onTargetPath,
  type ReadOnlySession,
  parseScript,
  type ParsedStatement,
} from '@esa/database-catalog/sql'
import { relationsNamed } from '@esa/database-catalog'
import { written } from './full-names.ts'
import { notHarmless } from './not-harmless.ts'
import { type Behind, callsOf } from './resolved-calls.ts'
import { queriesOf } from './run-queries.ts'
import { settingOf } from '../../plan/steps/setting.ts'

/** Functions, triggers and rules that a migration makes itself: no look at the target finds them before it runs. */
export interface MadeCode {
  functions: Set<string>
  /** Tables that a trigger or a rule was put on. */
  heard: Set<string>
}

/** Of a migration that has not begun. */
export function nothingMade(): MadeCode {
  return { functions: new Set(), heard: new Set() }
}

/** Statements that run code which the grammar does not show. */
const HIDDEN: Record<string, string> = {
  DoStmt: 'DO',
  CallStmt: 'CALL',
  ExecuteStmt: 'EXECUTE',
  AlterExtensionStmt: 'the script of an extension',
  RefreshMatViewStmt: 'the query of a materialized view',
}

/** Statements that name functions without calling one. */
const NAMING = new Set(
  (
    'CreateFunctionStmt CreateTrigStmt RuleStmt ViewStmt CreatePolicyStmt AlterPolicyStmt CreateStmt CreateDomainStmt ' +
    'CommentStmt DropStmt RenameStmt GrantStmt AlterFunctionStmt AlterOwnerStmt CreateEventTrigStmt'
  ).split(' '),
)

const DATA = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'CopyStmt', 'TruncateStmt'])

/** What statements call that is not known to be harmless, each as people read it. */
export interface Opaque {
  reasons: string[]
  /** Something was not there to be resolved: of that only names were judged. */
  unresolved: boolean
}

/** Longest that a statement of this look takes, ms. */
const LOOK_MS = 10_000

/** What statements call that is not known to be harmless, by what the server resolves. Runs none of them, and changes nothing. */
export async function opaqueReasons(
  session: Queryable,
  statements: ParsedStatement[],
  made: MadeCode,
): Promise<Opaque> {
  return await inReadOnly(session, LOOK_MS, (readOnly) => opaqueWithin(readOnly, statements, made))
}

/** The same in the caller's transaction, which it neither ends nor breaks. */
export async function opaqueWithin(
  session: ReadOnlySession,
  statements: ParsedStatement[],
  made: MadeCode,
): Promise<Opaque> {
  const reasons: string[] = []
  let unresolved = false
  for (const statement of statements) {
    const { kind, node } = statement
    noteCode(node, made)
    if (settingOf(node) !== null) continue
    if (HIDDEN[kind] !== undefined) reasons.push(HIDDEN[kind])
    const extension = 'CreateExtensionStmt' in node ? (node.CreateExtensionStmt.extname ?? '') : undefined
    if (extension !== undefined && !computesOnly(extension)) reasons.push(`the extension ${extension}`)
    if ('CopyStmt' in node && node.CopyStmt.is_program === true) reasons.push('a program')
    if (!NAMING.has(kind)) {
      const called = await calledBy(session, statement, made)
      reasons.push(...called.reasons)
      unresolved ||= called.unresolved
    }
    reasons.push(...(await eventTriggers(session, kind)))
  }
  return { reasons: [...new Set(reasons)], unresolved }
}

function noteCode(node: Node, { functions, heard }: MadeCode): void {
  const last = (parts: Node[] | undefined): string => {
    const part = parts?.at(-1)
    return part !== undefined && 'String' in part ? (part.String.sval ?? '') : ''
  }
  if ('CreateFunctionStmt' in node) functions.add(last(node.CreateFunctionStmt.funcname))
  if ('CreateTrigStmt' in node) heard.add(node.CreateTrigStmt.relation?.relname ?? '')
  if ('RuleStmt' in node) heard.add(node.RuleStmt.relation?.relname ?? '')
}

interface Named {
  calls: CalledName[]
  relations: RangeVar[]
  written: RangeVar[]
  /** What is computed of their rows is computed again, and no trigger hears it. */
  rewritten: RangeVar[]
  operators: string[]
}

const REWRITING = new Set(['AlterTableStmt', 'IndexStmt', 'ClusterStmt', 'ReindexStmt', 'VacuumRelation'])

function nothingNamed(): Named {
  return { calls: [], relations: [], written: [], rewritten: [], operators: [] }
}

function namedIn(value: unknown, named: Named): Named {
  if (Array.isArray(value)) for (const one of value) namedIn(one, named)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return named
  for (const [kind, inner] of Object.entries(value as Record<string, Record<string, unknown>>)) {
    if (kind === 'FuncCall') named.calls.push(lastOf(inner['funcname']))
    if (kind === 'A_Expr') named.operators.push(lastOf(inner['name']).name)
    if (kind === 'RangeVar') named.relations.push(inner)
    if (DATA.has(kind)) {
      const relations = [inner['relation'] ?? [], inner['relations'] ?? []].flat() as (
        | RangeVar
        | { RangeVar: RangeVar }
      )[]
      named.written.push(...relations.map((one) => ('RangeVar' in one ? one.RangeVar : one)))
    } else if (REWRITING.has(kind)) named.rewritten.push(inner['relation'] ?? {})
    namedIn(inner, named)
  }
  return named
}

function lastOf(parts: unknown): CalledName {
  const names = ((parts ?? []) as Node[]).map((part) => ('String' in part ? (part.String.sval ?? '') : ''))
  const [name = '', schema = null] = names.toReversed()
  return { schema, name }
}

/**
 * What the server calls when these relations are read or written: triggers and rules, the trees of defaults, CHECKs, indexes
 * and views, and the types of what is written; also of tables whose rows follow by a foreign key.
 */
const BEHIND = `with recursive met(oid, written, fires) as (
    select oid, false, false from unnest($1::oid[]) oid
    union select oid, true, true from unnest($2::oid[]) oid
    union select oid, true, false from unnest($3::oid[]) oid
    union select x.oid, x.written, met.fires from met join lateral (
      select f.conrelid as oid, true as written from pg_constraint f where f.confrelid = met.oid and met.fires and f.contype = 'f'
        and (f.confdeltype in ('c', 'n', 'd') or f.confupdtype in ('c', 'n', 'd'))
      union select i.inhrelid, met.written from pg_inherits i where i.inhparent = met.oid
      union select d.refobjid, met.written from pg_rewrite r join pg_depend d on d.objid = r.oid and d.classid = 'pg_rewrite'::regclass
        where r.ev_class = met.oid and d.refclassid = 'pg_class'::regclass) x on true)
  select coalesce(json_agg(distinct why) filter (where why is not null), '[]') as heard,
    coalesce(json_agg(distinct tree) filter (where tree is not null), '[]') as trees,
    coalesce(json_agg(distinct expression) filter (where expression is not null), '[]') as expressions,
    coalesce(json_agg(distinct type) filter (where type is not null), '[]') as made from (
    select format('the trigger %s of %s', t.tgname, t.tgrelid::regclass) as why, null as tree, null as expression, null::int8 as type
      from met join pg_trigger t on t.tgrelid = met.oid where met.fires and not t.tgisinternal and t.tgenabled <> 'D'
    union all select format('a rule of %s', r.ev_class::regclass), null, null, null from met join pg_rewrite r on r.ev_class = met.oid
      where met.fires and r.rulename <> '_RETURN'
    union all select null, e.tree::text, 'select ' || pg_get_expr(e.tree, met.oid), null from met join lateral (
      select a.adbin as tree from pg_attrdef a where a.adrelid = met.oid and met.written
      union all select k.conbin from pg_constraint k where k.conrelid = met.oid and k.conbin is not null
      union all select i.indexprs from pg_index i where i.indrelid = met.oid and met.written
      union all select i.indpred from pg_index i where i.indrelid = met.oid and met.written) e on e.tree is not null
    union all select null, null, null, a.atttypid::int8 from met join pg_attribute a on a.attrelid = met.oid
      where met.written and a.attnum > 0 and not a.attisdropped and a.atttypid >= '${FIRST_NORMAL_OID}'::oid
    union all select null, null, pg_get_viewdef(c.oid), null from met join pg_class c on c.oid = met.oid where c.relkind in ('v', 'm')) found`

type Found = Behind & { heard: string[]; expressions: string[] }

async function calledBy(
  session: ReadOnlySession,
  statement: ParsedStatement,
  made: MadeCode,
): Promise<Opaque> {
  const named = namedIn(statement.node, nothingNamed())
  const places = [named.relations, named.written, named.rewritten].map((some) => some.map(written))
  const oids = await onTargetPath(session, () => relationsNamed(session, places.flat()))
  const { rows } = await session.query(
    BEHIND,
    places.map((names) => names.flatMap((name) => oids.get(name) ?? [])),
  )
  const { heard, expressions, ...beside } = rows[0] as unknown as Found
  const queries = queriesOf(statement)
  const resolved = await callsOf(session, queries ?? [], beside)
  const names = resolved === null || queries === null
  const own = named.calls.filter(({ name }) => made.functions.has(name)).map(({ name }) => `${name}()`)
  const late = named.written.filter(({ relname = '' }) => made.heard.has(relname))
  const reasons = [
    ...(resolved ?? []),
    ...(names ? await calledByName(session, named, resolved === null ? expressions : []) : []),
    ...own,
    ...heard,
    ...late.map(({ relname }) => `a trigger of ${relname} that the migration makes`),
  ]
  return { reasons, unresolved: resolved === null }
}

/** What the names say, of what the server does not resolve. */
async function calledByName(
  session: ReadOnlySession,
  named: Named,
  expressions: string[],
): Promise<string[]> {
  const behind = nothingNamed()
  for (const { node } of await parseScript(expressions.join(';\n'))) namedIn(node, behind)
  const schemas = await onTargetPath(session, () => schemasOfPath(session))
  const harmful = await notHarmless(session, [...named.calls, ...behind.calls], schemas)
  return [
    ...harmful.map((name) => `${name}()`),
    ...(await ownOperators(session, [...named.operators, ...behind.operators])),
  ]
}

async function ownOperators(session: Queryable, names: string[]): Promise<string[]> {
  if (names.length === 0) return []
  const { rows } = await session.query(
    `select distinct 'the operator ' || o.oprname as why from pg_catalog.pg_operator o where o.oprname = any($1::text[])
       and o.oid >= '16384'::oid and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_operator'::regclass
         and d.objid = o.oid and d.deptype = 'e')`,
    [names],
  )
  return rows.map(({ why }) => String(why))
}

/** Statements that no event trigger hears. */
const UNHEARD = new Set([...DATA, 'SelectStmt', 'DoStmt', 'CallStmt', 'ExecuteStmt', 'VariableSetStmt'])

async function eventTriggers(session: Queryable, kind: string): Promise<string[]> {
  if (UNHEARD.has(kind)) return []
  const { rows } = await session.query(
    `select 'the event trigger ' || evtname as why from pg_catalog.pg_event_trigger where evtenabled <> 'D'
       and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_event_trigger'::regclass
         and d.objid = pg_event_trigger.oid and d.deptype = 'e')`,
  )
  return rows.map(({ why }) => String(why))
}
