import type { Node } from '@pgsql/types'
import { quoteIdentifier, quoteRelation } from '../identifiers.ts'
import type { Queryable } from '../queryable.ts'
import { parseScript } from '../sql/parse-script.ts'
import { nameOf, type TableShape, tableShapes } from './table-shape.ts'

/** What a script may do to values that are there, as its grammar tells. */
export interface Touch {
  /** Relations whose values it may change or take, as it writes them; `rowsGo`: it says itself that rows of it go. */
  relations: { schema: string | undefined; name: string; rowsGo: boolean }[]
  /** True when it runs code that the grammar does not show. */
  opaque: boolean
}

/** Statements that run code of their own. */
const OPAQUE = new Set(['DoStmt', 'CallStmt', 'ExecuteStmt', 'ExplainStmt', 'SelectStmt'])

/** Statements that say that rows go. */
const TAKING = new Set(['DeleteStmt', 'TruncateStmt', 'DropStmt'])

/** Parts of ALTER TABLE that write or take values. */
const WRITING_PARTS = new Set([
  'AT_AlterColumnType',
  'AT_DropColumn',
  'AT_DropExpression',
  'AT_SetExpression',
])

/** Which relations a script may change values of. What only names things, adds things or checks things is left out. */
export async function touchOf(sql: string): Promise<Touch> {
  const touch: Touch = { relations: [], opaque: false }
  for (const { kind, node } of await parseScript(sql)) {
    const before = touch.relations.length
    visit(node, touch)
    if (OPAQUE.has(kind) && touch.relations.length === before) touch.opaque = true
  }
  return touch
}

function visit(value: unknown, touch: Touch): void {
  if (Array.isArray(value)) for (const one of value) visit(one, touch)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  for (const [kind, inner] of Object.entries(value)) {
    if (writes(kind, inner as Record<string, unknown>))
      relationsIn(inner as Record<string, unknown>, touch, TAKING.has(kind))
    visit(inner, touch)
  }
}

function writes(kind: string, inner: Record<string, unknown>): boolean {
  if (kind === 'UpdateStmt' || kind === 'DeleteStmt' || kind === 'MergeStmt' || kind === 'TruncateStmt')
    return true
  if (kind === 'InsertStmt')
    return JSON.stringify(inner['onConflictClause'] ?? '').includes('ONCONFLICT_UPDATE')
  if (kind === 'DropStmt')
    return ['OBJECT_TABLE', 'OBJECT_SCHEMA', 'OBJECT_TYPE'].includes(String(inner['removeType']))
  if (kind !== 'AlterTableStmt') return false
  const parts = (inner['cmds'] ?? []) as Node[]
  return parts.some((part) => 'AlterTableCmd' in part && WRITING_PARTS.has(part.AlterTableCmd.subtype ?? ''))
}

function relationsIn(statement: Record<string, unknown>, { relations }: Touch, rowsGo: boolean): void {
  const add = (found: unknown): void => {
    const { schemaname, relname } = found as { schemaname?: string; relname?: string }
    if (relname !== undefined) relations.push({ schema: schemaname, name: relname, rowsGo })
  }
  if (statement['relation'] !== undefined) add(statement['relation'])
  for (const one of (statement['relations'] ?? []) as Node[]) if ('RangeVar' in one) add(one.RangeVar)
  for (const one of (statement['objects'] ?? []) as Node[]) {
    const parts =
      'List' in one
        ? (one.List.items ?? []).map((part) => ('String' in part ? part.String.sval : undefined))
        : []
    if (parts.length > 0) add({ schemaname: parts.at(-2), relname: parts.at(-1) })
  }
}

/** A table that is touched, as it is before. */
export interface TouchedTable extends TableShape {
  /** The script says itself that rows of it go; those of a table that follows it by a foreign key go unsaid. */
  rowsGo: boolean
}

/** The tables that a script touches as they are now, and those whose rows go or change with theirs. */
export async function touchedTables(session: Queryable, { relations }: Touch): Promise<TouchedTable[]> {
  if (relations.length === 0) return []
  const all = await tableShapes(session)
  const { rows } = await session.query('select current_schemas(false)::text[] as path')
  const path = rows[0]?.['path'] as string[]
  const found = new Map<string, boolean>()
  for (const { schema, name, rowsGo } of relations) {
    const home =
      schema ?? path.find((one) => all.some((table) => table.schema === one && table.name === name))
    const table = all.find((one) => one.schema === home && one.name === name)
    if (table !== undefined) found.set(rootOf(table), rowsGo || found.get(rootOf(table)) === true)
  }
  // A map hands out what is added while it is walked: children of children follow.
  for (const [oid] of found) {
    const children = all.filter(({ links }) => links.some(({ to, follows }) => follows && to === oid))
    for (const child of children) if (!found.has(rootOf(child))) found.set(rootOf(child), false)
  }
  return all
    .filter(({ oid }) => found.has(oid))
    .map((table) => ({ ...table, rowsGo: found.get(table.oid) === true }))
    .toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)))
}

/** Why more may change than the tables that are found: a name that is a view, or a trigger that acts after a row. */
export async function beyondTables(
  session: Queryable,
  { relations }: Touch,
  tables: TouchedTable[],
): Promise<string[]> {
  const names = relations.map(({ schema, name }) =>
    schema === undefined ? quoteIdentifier(name) : quoteRelation(schema, name),
  )
  const { rows } = await session.query(
    `select c.oid::regclass || ' is no table: what is behind it is not compared' as why
       from unnest($1::text[]) name join pg_class c on c.oid = to_regclass(name) where c.relkind not in ('r', 'p', 'i', 'S', 'c')
     union all select format('the trigger %s of %s may change other tables', t.tgname, t.tgrelid::regclass) from pg_trigger t
       where not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & 2 = 0
         and t.tgrelid in (select relid from unnest($2::oid[]) o, pg_partition_tree(o) union select unnest($2::oid[]))`,
    [names, tables.map(({ oid }) => oid)],
  )
  return rows.map(({ why }) => String(why))
}

function rootOf({ oid, rootOid }: TableShape): string {
  return rootOid ?? oid
}
