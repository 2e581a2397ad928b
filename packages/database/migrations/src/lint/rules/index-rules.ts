import { isConcurrent } from '@esa/database-catalog/sql'
import { nameOf } from '../step-through.ts'
import { liveName, type Rule, type RuleInput, scansTable } from './rule.ts'

/** Columns beyond which an index that is not unique serves few queries better, and costs every write more. */
const INDEX_COLUMNS_MAX = 3

const indexNotConcurrently: Rule = {
  id: 'index-not-concurrently',
  severity: 'error',
  danger: 'CREATE INDEX keeps every write to the table waiting until the index is built.',
  safeWay:
    'CREATE INDEX CONCURRENTLY, outside a transaction. On a partitioned table: CREATE INDEX ON ONLY the parent, CONCURRENTLY on each partition, then ALTER INDEX ... ATTACH PARTITION.',
  grows: true,
  check: (input) => {
    const { node, text } = input.facts.statement
    if (!('IndexStmt' in node) || isConcurrent(node)) return []
    const table = liveName(input, node.IndexStmt.relation)
    // ON ONLY a partitioned table builds nothing: it is the first step of the safe way.
    const kind = table === null ? undefined : input.facts.before.byName.get(table)?.kind
    if (table === null || (kind === 'p' && node.IndexStmt.relation?.inh !== true)) return []
    // IF NOT EXISTS found it, and built nothing.
    if (!scansTable(input, table)) return []
    const message = `writes to ${table} wait until the index is built`
    if (kind === 'p') return [{ message: `${message}, on every partition`, relation: table }]
    const fix = text.replace(/^(create\s+(?:unique\s+)?index)\b/i, '$1 concurrently')
    return [{ message, relation: table, fix: `${fix};` }]
  },
}

const indexDropNotConcurrently: Rule = {
  id: 'index-drop-not-concurrently',
  severity: 'warning',
  danger:
    'DROP INDEX takes the strongest lock on the table: it waits for every running query, and later queries wait behind it.',
  safeWay: 'DROP INDEX CONCURRENTLY, outside a transaction.',
  check: (input) =>
    droppedIndexes(input).map(({ name, table, partitioned }) => ({
      message: `reads and writes of ${table} wait while ${name} is dropped, and while that waits for running queries`,
      // PostgreSQL drops no partitioned index concurrently.
      fix: partitioned
        ? 'In a quiet hour, with lock_timeout: there is no concurrent form.'
        : `drop index concurrently ${name};`,
    })),
}

/** Live indexes that are dropped in the way of others. */
function droppedIndexes(input: RuleInput): { name: string; table: string; partitioned: boolean }[] {
  const { statement, before } = input.facts
  const drop = 'DropStmt' in statement.node ? statement.node.DropStmt : undefined
  if (drop?.removeType !== 'OBJECT_INDEX' || drop.concurrent === true) return []
  return (drop.objects ?? []).flatMap((object) => {
    const written = nameOf(object)
    const name = liveName(input, written)
    if (name === null || written === undefined) return []
    const index = before.find(written)
    const table = before.byOid.get(index?.table ?? 0)?.name ?? 'its table'
    return [{ name, table, partitioned: index?.kind === 'I' }]
  })
}

/** REINDEX SYSTEM: PostgreSQL has no form of it that others do not wait for. */
const OF_CATALOGS = {
  message: 'all sessions wait while the catalogs that they need are built again',
  fix: 'There is no concurrent form: REINDEX INDEX only the index of the catalog that needs it, in a quiet hour and with lock_timeout.',
}

const reindexNotConcurrently: Rule = {
  id: 'reindex-not-concurrently',
  severity: 'error',
  danger:
    'REINDEX keeps writes waiting until the index is built again, and reads that would use the index too.',
  safeWay: 'REINDEX ... CONCURRENTLY, outside a transaction.',
  grows: true,
  check: (input) => {
    const { statement, before } = input.facts
    if (!('ReindexStmt' in statement.node) || isConcurrent(statement.node)) return []
    const { relation } = statement.node.ReindexStmt
    // The catalogs cannot be built CONCURRENTLY.
    if (statement.node.ReindexStmt.kind === 'REINDEX_OBJECT_SYSTEM') return [OF_CATALOGS]
    const name = relation === undefined ? 'every table' : liveName(input, relation)
    if (name === null) return []
    const table =
      relation === undefined ? name : (before.byOid.get(before.find(relation)?.table ?? 0)?.name ?? name)
    const fix = statement.text.replace(/^(reindex\s+(?:\([^)]*\)\s*)?\w+)\b/i, '$1 concurrently')
    return [
      {
        message: `writes to ${table} wait until its indexes are built again`,
        relation: table,
        fix: `${fix};`,
      },
    ]
  },
}

const invalidIndexKept: Rule = {
  id: 'invalid-index-kept',
  severity: 'info',
  danger:
    'A concurrent build that was interrupted leaves an INVALID index. IF NOT EXISTS then finds its name taken and says all is well, while the index serves no query.',
  safeWay: 'DROP INDEX CONCURRENTLY IF EXISTS before it, or look at pg_index.indisvalid afterwards.',
  check: ({ facts: { statement } }) => {
    const index = 'IndexStmt' in statement.node ? statement.node.IndexStmt : undefined
    if (index?.concurrent !== true || index.if_not_exists !== true) return []
    return [
      { message: `an INVALID ${index.idxname ?? 'index'} of an interrupted build would be kept as it is` },
    ]
  },
}

const indexTooWide: Rule = {
  id: 'index-too-wide',
  severity: 'info',
  danger: `An index of more than ${INDEX_COLUMNS_MAX} columns that is not unique costs every write, and its last columns seldom narrow a search.`,
  safeWay:
    'Keep the columns that are compared with =, then one that is sorted or ranged; put what is only read into INCLUDE.',
  check: ({ facts: { statement } }) => {
    const index = 'IndexStmt' in statement.node ? statement.node.IndexStmt : undefined
    const columns = index?.indexParams?.length ?? 0
    if (index?.unique === true || columns <= INDEX_COLUMNS_MAX) return []
    return [{ message: `${index?.idxname ?? 'the index'} has ${columns} columns` }]
  },
}

/** Rules about indexes. */
export const INDEX_RULES: readonly Rule[] = [
  indexNotConcurrently,
  indexDropNotConcurrently,
  reindexNotConcurrently,
  invalidIndexKept,
  indexTooWide,
]
