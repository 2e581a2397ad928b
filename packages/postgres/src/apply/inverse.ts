import type { AlterTableCmd, DropStmt, Node, RangeVar, RenameStmt } from '@pgsql/types'
import { quoteIdentifier } from '../identifiers.ts'
import type { Queryable } from '../queryable.ts'
import { fillsOnly, madeBy } from './made-before.ts'
import { parseScript } from '../sql/parse-script.ts'

/**
 * The SQL that undoes a step, read from the catalogs before it runs: '' when there is nothing to undo, null when what it
 * takes away cannot be brought back or it is not known what it does. `earlier` are the statements of its migration before it.
 */
export async function inverseOf(session: Queryable, sql: string, earlier: string[]): Promise<string | null> {
  const parts: string[] = []
  const made = await madeBy([...earlier, sql])
  for (const { node } of await parseScript(sql)) {
    const part = fillsOnly(node, made) ? '' : await inverseOfNode(session, node)
    if (part === null) return null
    if (part !== '') parts.unshift(part)
  }
  return parts.join(';\n')
}

async function inverseOfNode(session: Queryable, node: Node): Promise<string | null> {
  if ('CreateStmt' in node) {
    if (node.CreateStmt.if_not_exists) return null
    return `drop table ${await qualified(session, node.CreateStmt.relation)}`
  }
  if ('IndexStmt' in node) {
    const { relation, idxname, concurrent, if_not_exists: perhaps } = node.IndexStmt
    if (idxname === undefined || perhaps === true) return null
    const schema = await schemaOf(session, relation)
    return `drop index ${concurrent ? 'concurrently ' : ''}${schema}.${quoteIdentifier(idxname)}`
  }
  if ('AlterTableStmt' in node) return await inverseOfAlter(session, node.AlterTableStmt)
  if ('RenameStmt' in node) return await inverseOfRename(session, node.RenameStmt)
  if ('DropStmt' in node) return await inverseOfDrop(session, node.DropStmt)
  if ('CreateSchemaStmt' in node) {
    const { schemaname, if_not_exists: perhaps } = node.CreateSchemaStmt
    return perhaps || schemaname === undefined ? null : `drop schema ${quoteIdentifier(schemaname)}`
  }
  if ('CreateEnumStmt' in node) return `drop type ${names(node.CreateEnumStmt.typeName)}`
  if ('CreateSeqStmt' in node && !node.CreateSeqStmt.if_not_exists)
    return `drop sequence ${await qualified(session, node.CreateSeqStmt.sequence)}`
  if ('ViewStmt' in node && !node.ViewStmt.replace)
    return `drop view ${await qualified(session, node.ViewStmt.view)}`
  return 'VacuumStmt' in node || 'CommentStmt' in node || 'VariableSetStmt' in node ? '' : null
}

async function inverseOfAlter(
  session: Queryable,
  { relation, cmds = [] }: { relation?: RangeVar; cmds?: Node[] },
): Promise<string | null> {
  const parts: string[] = []
  for (const cmd of cmds) {
    const part = 'AlterTableCmd' in cmd ? await inverseOfPart(session, relation, cmd.AlterTableCmd) : null
    if (part === null) return null
    if (part !== '') parts.unshift(part)
  }
  return parts.length === 0 ? '' : `alter table ${await qualified(session, relation)} ${parts.join(', ')}`
}

async function inverseOfPart(
  session: Queryable,
  relation: RangeVar | undefined,
  part: AlterTableCmd,
): Promise<string | null> {
  const { subtype, name = '', def, missing_ok: perhaps } = part
  if (subtype === 'AT_AddColumn' && def && 'ColumnDef' in def && !perhaps)
    return `drop column ${quoteIdentifier(def.ColumnDef.colname ?? '')}`
  if (subtype === 'AT_AddConstraint' && def && 'Constraint' in def) {
    return def.Constraint.conname === undefined
      ? null
      : `drop constraint ${quoteIdentifier(def.Constraint.conname)}`
  }
  if (subtype === 'AT_ValidateConstraint') return ''
  if (subtype === 'AT_DropConstraint') return await constraintBefore(session, relation, name)
  return await columnBefore(session, relation, name, subtype)
}

async function constraintBefore(
  session: Queryable,
  relation: RangeVar | undefined,
  name: string,
): Promise<string | null> {
  const { rows } = await session.query(
    `select pg_get_constraintdef(oid) as def from pg_constraint where conrelid = to_regclass($1) and conname = $2`,
    [written(relation), name],
  )
  return rows[0] === undefined ? null : `add constraint ${quoteIdentifier(name)} ${String(rows[0]['def'])}`
}

/** How a column was, as the part of ALTER TABLE that makes it so again. */
async function columnBefore(
  session: Queryable,
  relation: RangeVar | undefined,
  name: string,
  subtype: string | undefined,
): Promise<string | null> {
  const { rows } = await session.query(
    `select a.attnotnull as required, format_type(a.atttypid, a.atttypmod) as type, pg_get_expr(d.adbin, d.adrelid) as "default"
     from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = to_regclass($1) and a.attname = $2`,
    [written(relation), name],
  )
  const before = rows[0]
  if (before === undefined) return null
  const column = quoteIdentifier(name)
  const type = String(before['type'])
  if (subtype === 'AT_SetNotNull')
    return before['required'] === true ? '' : `alter column ${column} drop not null`
  if (subtype === 'AT_DropNotNull')
    return before['required'] === true ? `alter column ${column} set not null` : ''
  if (subtype === 'AT_AlterColumnType') return `alter column ${column} type ${type} using ${column}::${type}`
  if (subtype !== 'AT_ColumnDefault') return null
  return typeof before['default'] === 'string'
    ? `alter column ${column} set default ${before['default']}`
    : `alter column ${column} drop default`
}

async function inverseOfRename(session: Queryable, rename: RenameStmt): Promise<string | null> {
  const { renameType, relation, subname = '', newname = '' } = rename
  const schema = await schemaOf(session, relation)
  const old = quoteIdentifier(relation?.relname ?? '')
  const [from, to] = [quoteIdentifier(newname), quoteIdentifier(subname)]
  if (renameType === 'OBJECT_TABLE') return `alter table ${schema}.${from} rename to ${old}`
  if (renameType === 'OBJECT_INDEX') return `alter index ${schema}.${from} rename to ${old}`
  if (renameType === 'OBJECT_VIEW') return `alter view ${schema}.${from} rename to ${old}`
  if (renameType === 'OBJECT_COLUMN') return `alter table ${schema}.${old} rename column ${from} to ${to}`
  if (renameType === 'OBJECT_TABCONSTRAINT')
    return `alter table ${schema}.${old} rename constraint ${from} to ${to}`
  return null
}

/** An index or a view can be made again from its definition. */
async function inverseOfDrop(
  session: Queryable,
  { removeType, objects = [], concurrent, behavior }: DropStmt,
): Promise<string | null> {
  if (behavior === 'DROP_CASCADE' || (removeType !== 'OBJECT_INDEX' && removeType !== 'OBJECT_VIEW'))
    return null
  const made: string[] = []
  for (const object of objects) {
    const name = 'List' in object ? names(object.List.items) : ''
    const { rows } = await session.query(
      `select case c.relkind when 'v' then format('create view %s as %s', c.oid::regclass, rtrim(pg_get_viewdef(c.oid), ';'))
         when 'i' then pg_get_indexdef(c.oid) end as def from pg_class c where c.oid = to_regclass($1)`,
      [name],
    )
    const def = rows[0]?.['def']
    if (typeof def !== 'string') return null
    made.unshift(concurrent ? def.replace(/ INDEX /, ' INDEX CONCURRENTLY ') : def)
  }
  return made.join(';\n')
}

function names(parts: Node[] | undefined): string {
  return (parts ?? [])
    .map((part) => quoteIdentifier('String' in part ? (part.String.sval ?? '') : ''))
    .join('.')
}

function written({ schemaname, relname = '' }: RangeVar = {}): string {
  return schemaname === undefined || schemaname === ''
    ? quoteIdentifier(relname)
    : `${quoteIdentifier(schemaname)}.${quoteIdentifier(relname)}`
}

async function qualified(session: Queryable, relation: RangeVar | undefined): Promise<string> {
  return `${await schemaOf(session, relation)}.${quoteIdentifier(relation?.relname ?? '')}`
}

/** The schema a name leads to now, or in which it would be made: search_path may be another one on the way back. */
async function schemaOf(session: Queryable, relation: RangeVar | undefined): Promise<string> {
  if (relation?.schemaname) return quoteIdentifier(relation.schemaname)
  const { rows } = await session.query(
    `select quote_ident(coalesce((select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.oid = to_regclass($1)), current_schema())) as schema`,
    [written(relation)],
  )
  return String(rows[0]?.['schema'])
}
