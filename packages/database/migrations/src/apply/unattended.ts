import { EsaError } from '@esa/protocol'
import type { AlterEnumStmt, DropStmt, IndexStmt, Node, RangeVar, ReindexStmt } from '@pgsql/types'
import { quoteIdentifier, type Queryable, parseScript } from '@esa/database-catalog/sql'

/** What blocks a statement that no transaction protects, or `done` when an earlier try has brought it to its end. */
export type Found = 'done' | 'ready'

/** Indexes of a relation, by name or all of them, with those that a build has left behind or is at. */
const INDEXES = `select format('%I.%I', n.nspname, c.relname) as index, c.relname as name, i.indisvalid as valid,
  exists (select from pg_stat_progress_create_index p where p.index_relid = c.oid) as building
  from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'i' and (i.indrelid = to_regclass($1) or i.indexrelid = to_regclass($1)
    or i.indrelid = (select indrelid from pg_index where indexrelid = to_regclass($1)))`

/**
 * Looks at what is there before a statement outside of transactions (CONCURRENTLY) is tried, and clears what a broken
 * try left: an INVALID index is dropped, a half detached partition is detached. `begun`: it was tried before.
 * @throws EsaError `index.being-built` (transient) while another session is at it, `database.*`.
 */
export async function clearBefore(session: Queryable, sql: string, begun: boolean): Promise<Found> {
  const node = (await parseScript(sql))[0]?.node
  if (node === undefined) return 'ready'
  if ('IndexStmt' in node) return await beforeBuild(session, node.IndexStmt, begun)
  if ('DropStmt' in node) return begun && !(await isThere(session, node.DropStmt)) ? 'done' : 'ready'
  if ('ReindexStmt' in node) return await beforeReindex(session, node.ReindexStmt)
  if ('AlterTableStmt' in node) return await beforeDetach(session, node.AlterTableStmt, begun)
  if ('AlterEnumStmt' in node && begun) return await afterEnumLabel(session, node.AlterEnumStmt)
  return 'ready'
}

async function beforeBuild(
  session: Queryable,
  { relation, idxname }: IndexStmt,
  begun: boolean,
): Promise<Found> {
  const { rows } = await session.query(INDEXES, [nameOf(relation)])
  const found = rows.find(({ name }) => name === idxname)
  if (found === undefined) return 'ready'
  if (found['valid'] === true) return begun ? 'done' : 'ready'
  if (found['building'] === true) throw beingBuilt(String(found['index']))
  await session.query(`drop index concurrently if exists ${String(found['index'])}`)
  return 'ready'
}

/** A broken REINDEX CONCURRENTLY leaves its own copy, INVALID and named `..._ccnew`, or the replaced one, `..._ccold`. */
async function beforeReindex(session: Queryable, { relation }: ReindexStmt): Promise<Found> {
  if (relation === undefined) return 'ready'
  const { rows } = await session.query(INDEXES, [nameOf(relation)])
  const left = rows.filter(({ name, valid }) => valid === false && /_cc(?:new|old)\d*$/.test(String(name)))
  for (const { index, building } of left) {
    if (building === true) throw beingBuilt(String(index))
    await session.query(`drop index concurrently if exists ${String(index)}`)
  }
  return 'ready'
}

async function isThere(session: Queryable, { objects = [] }: DropStmt): Promise<boolean> {
  const names = objects.map((object) => ('List' in object ? (object.List.items ?? []) : []))
  for (const parts of names) {
    const name = parts
      .map((part) => quoteIdentifier('String' in part ? (part.String.sval ?? '') : ''))
      .join('.')
    const { rows } = await session.query('select to_regclass($1) is not null as there', [name])
    if (rows[0]?.['there'] === true) return true
  }
  return false
}

async function beforeDetach(
  session: Queryable,
  { relation, cmds = [] }: { relation?: RangeVar; cmds?: Node[] },
  begun: boolean,
): Promise<Found> {
  const [first] = cmds
  const def = first && 'AlterTableCmd' in first ? first.AlterTableCmd.def : undefined
  const part = def && 'PartitionCmd' in def ? def.PartitionCmd.name : undefined
  if (part === undefined || !begun) return 'ready'
  const { rows } = await session.query(
    'select inhdetachpending as pending from pg_inherits where inhrelid = to_regclass($1) and inhparent = to_regclass($2)',
    [nameOf(part), nameOf(relation)],
  )
  if (rows.length === 0) return 'done'
  if (rows[0]?.['pending'] !== true) return 'ready'
  await session.query(`alter table ${nameOf(relation)} detach partition ${nameOf(part)} finalize`)
  return 'done'
}

async function afterEnumLabel(
  session: Queryable,
  { typeName = [], newVal = '' }: AlterEnumStmt,
): Promise<Found> {
  const type = typeName.map((part) => quoteIdentifier('String' in part ? (part.String.sval ?? '') : ''))
  const { rows } = await session.query(
    'select exists (select from pg_enum where enumtypid = to_regtype($1) and enumlabel = $2) as there',
    [type.join('.'), newVal],
  )
  return rows[0]?.['there'] === true ? 'done' : 'ready'
}

function nameOf(relation: RangeVar | undefined): string {
  const { schemaname, relname = '' } = relation ?? {}
  return [schemaname, relname]
    .filter((part) => part !== undefined && part !== '')
    .map((part) => quoteIdentifier(part!))
    .join('.')
}

function beingBuilt(index: string): EsaError {
  return new EsaError('index.being-built', 'transient', `another session is building ${index}`, {
    hint: 'wait until it is done, then apply again',
  })
}
