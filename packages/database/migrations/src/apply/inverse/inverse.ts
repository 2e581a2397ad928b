import type { AlterTableCmd, DropStmt, Node, RangeVar, RenameStmt } from '@pgsql/types'
import { quoteIdentifier, type Queryable, parseScript } from '@esa/database-catalog/sql'
import { dotted, firstSchema, isTemporary, qualified, readInFull, schemaOf } from '../opaque/full-names.ts'
import { fillsOnly, madeBy, noteMade } from './made-before.ts'
import { movesNames } from '../../plan/steps/setting.ts'
import { typeBefore } from './type-before.ts'
import { viewBefore } from './view-before.ts'

/**
 * The SQL that undoes a step, read from the catalogs before it runs: '' when there is nothing to undo, null when what it
 * takes away cannot be brought back or it is not known what it does. `earlier` are the statements of its migration before it.
 */
export async function inverseOf(session: Queryable, sql: string, earlier: string[]): Promise<string | null> {
  const parts: string[] = []
  const made = await madeBy(earlier)
  const here: Here = new Map()
  for (const { node } of await parseScript(sql)) {
    // Names are looked up before the step runs: what follows in it would be looked for in the wrong schema.
    if (movesNames(node)) return null
    const part = (await fillsOnly(session, node, made))
      ? ''
      : await inverseOfNode(session, placed(node, here))
    if (part === null) return null
    if (part !== '') parts.unshift(part)
    noteMade(node, made)
    await noteHere(session, node, here)
  }
  return parts.join(';\n')
}

/** The schemas of relations that the step makes itself, which no look into the catalogs finds before it runs. */
type Here = Map<string, string>

async function noteHere(session: Queryable, node: Node, here: Here): Promise<void> {
  const made = relationMade(node)
  if (isTemporary(made)) here.set(made?.relname ?? '', 'pg_temp')
  else if (made && !made.schemaname) here.set(made.relname ?? '', await firstSchema(session))
  if (!('RenameStmt' in node) || node.RenameStmt.subname !== undefined) return
  const { relation, newname = '' } = node.RenameStmt
  const schema = relation?.schemaname ? undefined : here.get(relation?.relname ?? '')
  if (schema !== undefined) here.set(newname, schema)
  here.delete(relation?.relname ?? '')
}

function relationMade(node: Node): RangeVar | undefined {
  if ('CreateStmt' in node) return node.CreateStmt.relation
  if ('ViewStmt' in node) return node.ViewStmt.view
  return 'CreateSeqStmt' in node ? node.CreateSeqStmt.sequence : undefined
}

/** A statement about what the step made, with the schema that it was made in. */
function placed(node: Node, here: Here): Node {
  const place = (relation: RangeVar | undefined): { relation?: RangeVar } => {
    const schemaname = relation?.schemaname || here.get(relation?.relname ?? '')
    return schemaname === undefined ? {} : { relation: { ...relation, schemaname } }
  }
  if ('AlterTableStmt' in node)
    return { AlterTableStmt: { ...node.AlterTableStmt, ...place(node.AlterTableStmt.relation) } }
  if ('IndexStmt' in node) return { IndexStmt: { ...node.IndexStmt, ...place(node.IndexStmt.relation) } }
  if ('RenameStmt' in node) return { RenameStmt: { ...node.RenameStmt, ...place(node.RenameStmt.relation) } }
  return node
}

async function inverseOfNode(session: Queryable, node: Node): Promise<string | null> {
  if ('CreateStmt' in node) {
    const { relation, if_not_exists: perhaps } = node.CreateStmt
    return perhaps ? null : await dropOf(session, 'table', relation)
  }
  if ('IndexStmt' in node) {
    const { relation, idxname, concurrent, if_not_exists: perhaps } = node.IndexStmt
    if (idxname === undefined || perhaps === true) return null
    if (isTemporary(relation)) return ''
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
  if ('CreateEnumStmt' in node) {
    const { typeName } = node.CreateEnumStmt
    const schema = typeName?.length === 1 ? `${quoteIdentifier(await firstSchema(session))}.` : ''
    return `drop type ${schema}${dotted(typeName)}`
  }
  if ('CreateSeqStmt' in node && !node.CreateSeqStmt.if_not_exists)
    return await dropOf(session, 'sequence', node.CreateSeqStmt.sequence)
  if ('ViewStmt' in node && !node.ViewStmt.replace) return await dropOf(session, 'view', node.ViewStmt.view)
  return 'VacuumStmt' in node || 'CommentStmt' in node || 'VariableSetStmt' in node ? '' : null
}

/** What is temporary is gone by itself. */
async function dropOf(session: Queryable, what: string, made: RangeVar | undefined): Promise<string> {
  if (isTemporary(made)) return ''
  const schema = made?.schemaname || (await firstSchema(session))
  return `drop ${what} ${quoteIdentifier(schema)}.${quoteIdentifier(made?.relname ?? '')}`
}

async function inverseOfAlter(
  session: Queryable,
  { relation, cmds = [] }: { relation?: RangeVar; cmds?: Node[] },
): Promise<string | null> {
  if (isTemporary(relation)) return ''
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
  const table = await qualified(session, relation)
  if (subtype === 'AT_DropConstraint') return await constraintBefore(session, table, name)
  if (subtype === 'AT_AlterColumnType')
    return def && 'ColumnDef' in def ? await typeBefore(session, table, name, def.ColumnDef) : null
  return await columnBefore(session, table, name, subtype)
}

async function constraintBefore(session: Queryable, table: string, name: string): Promise<string | null> {
  const [before] = await readInFull(
    session,
    `select pg_get_constraintdef(oid) as def from pg_constraint where conrelid = to_regclass($1) and conname = $2`,
    [table, name],
  )
  return before === undefined ? null : `add constraint ${quoteIdentifier(name)} ${String(before['def'])}`
}

/** How a column was, as the part of ALTER TABLE that makes it so again. */
async function columnBefore(
  session: Queryable,
  table: string,
  name: string,
  subtype: string | undefined,
): Promise<string | null> {
  const [before] = await readInFull(
    session,
    `select a.attnotnull as required, pg_get_expr(d.adbin, d.adrelid) as "default"
     from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = to_regclass($1) and a.attname = $2`,
    [table, name],
  )
  if (before === undefined) return null
  const column = quoteIdentifier(name)
  if (subtype === 'AT_SetNotNull')
    return before['required'] === true ? '' : `alter column ${column} drop not null`
  if (subtype === 'AT_DropNotNull')
    return before['required'] === true ? `alter column ${column} set not null` : ''
  if (subtype !== 'AT_ColumnDefault') return null
  return typeof before['default'] === 'string'
    ? `alter column ${column} set default ${before['default']}`
    : `alter column ${column} drop default`
}

async function inverseOfRename(session: Queryable, rename: RenameStmt): Promise<string | null> {
  const { renameType, relation, subname = '', newname = '' } = rename
  if (isTemporary(relation)) return ''
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
    const name = 'List' in object ? dotted(object.List.items) : ''
    const { rows } = await session.query('select to_regclass($1)::oid::text as oid', [name])
    const oid = rows[0]?.['oid']
    if (typeof oid !== 'string') return null
    const def =
      removeType === 'OBJECT_VIEW' ? await viewBefore(session, oid) : await indexBefore(session, oid)
    if (def === null) return null
    made.unshift(concurrent ? def.replace(/ INDEX /, ' INDEX CONCURRENTLY ') : def)
  }
  return made.join(';\n')
}

/** An index by which replicas tell rows apart would come back without that. */
async function indexBefore(session: Queryable, oid: string): Promise<string | null> {
  const [index] = await readInFull(
    session,
    `select pg_get_indexdef(c.oid) as def from pg_class c join pg_index i on i.indexrelid = c.oid
     where c.oid = $1 and c.relkind = 'i' and not i.indisreplident`,
    [oid],
  )
  return index === undefined ? null : String(index['def'])
}
