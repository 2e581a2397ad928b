import {
  hasOption,
  isConcurrent,
  type ParsedStatement,
  type LockMode,
  type RelationLock,
  strongest,
} from '@esa/database-catalog/sql'
import type { Relation, Relations } from './observe.ts'
import { namedRelations } from './step-through.ts'

/**
 * The locks that a maintenance command takes, for when there are too many tables to stand in its way and see. Source: the
 * pages of VACUUM, REINDEX and CLUSTER in the PostgreSQL 18 manual.
 */
export function manualLocks(
  { node }: ParsedStatement,
  before: Relations,
  rewrites: readonly string[],
): RelationLock[] {
  const all = [...before.byOid.values()]
  const named = [...namedRelations(node)].flatMap((name) => before.find(name) ?? [])
  const withTables = named.flatMap((one) => [one, before.byOid.get(one.table ?? 0) ?? one])
  const tables = all.filter(({ kind }) => /[rm]/.test(kind))
  if ('VacuumStmt' in node) {
    const full = hasOption(node.VacuumStmt.options, 'full')
    return locks(named.length > 0 ? named : tables, full ? 'AccessExclusiveLock' : 'ShareUpdateExclusiveLock')
  }
  if (withTables.length > 0) return isConcurrent(node) ? locks(withTables, 'ShareUpdateExclusiveLock') : []
  if ('ClusterStmt' in node) {
    return locks(
      all.filter(({ name }) => rewrites.includes(name)),
      'AccessExclusiveLock',
    )
  }
  if (!('ReindexStmt' in node)) return []
  const { kind, name = '' } = node.ReindexStmt
  // It builds the indexes of catalogs again, and no table of the user's is locked.
  if (kind === 'REINDEX_OBJECT_SYSTEM') return []
  const inside = ({ plainName }: Relation): boolean =>
    kind !== 'REINDEX_OBJECT_SCHEMA' || plainName.startsWith(`${name}.`)
  const quiet = isConcurrent(node)
  const indexes = all.filter((one) => one.kind === 'i' && inside(one))
  return [
    ...locks(tables.filter(inside), quiet ? 'ShareUpdateExclusiveLock' : 'ShareLock'),
    ...locks(indexes, quiet ? 'ShareUpdateExclusiveLock' : 'AccessExclusiveLock'),
  ]
}

function locks(relations: readonly Relation[], mode: LockMode): RelationLock[] {
  return strongest(relations.map(({ name }) => ({ relation: name, mode })))
}
