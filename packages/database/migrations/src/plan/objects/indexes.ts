import { quoteIdentifier } from '@esa/database-catalog/sql'
import { bareName, newName, oldName, quoteDotted, sibling } from '@esa/database-catalog'
import type { Index, Table } from '../model/catalog.ts'
import type { TableDifference } from '../model/differences.ts'
import { type Draft, type Ground, PLACE } from '../model/draft.ts'
import type { PhaseName } from '../model/plan.ts'

/** Indexes that are new, gone, renamed or differ. `elsewhere` tells those that another recipe rebuilds. */
export function planIndexes(
  ground: Ground,
  table: TableDifference,
  elsewhere: (name: string) => boolean,
): void {
  const { draft } = ground
  const gone = table.indexes.flatMap(({ from, to }) => (from && !to ? [from] : []))
  for (const { from, to } of table.indexes) {
    if (elsewhere((to ?? from)!.name)) continue
    if (to === undefined) continue
    if (from !== undefined) changeIndex(ground, table.from, from, to)
    else {
      const twin = gone.findIndex(({ tail, unique }) => tail === to.tail && unique === to.unique)
      if (twin >= 0) renameIndex(draft, table.from.relation, gone.splice(twin, 1)[0]!, to)
      else addIndex(ground, table.from, to)
    }
  }
  for (const index of gone) if (!elsewhere(index.name)) dropIndex(ground, table.from, index)
}

/** Indexes of tables whose rows are filled are built when they are full: that is faster, and no filling is slowed. */
function buildPhase(draft: Draft, relation: string): PhaseName {
  return draft.filled.has(relation) ? 'validate' : 'expand'
}

/** CREATE INDEX CONCURRENTLY as a step of a phase. */
export function buildIndex(draft: Draft, phase: PhaseName, table: Table, index: Index): void {
  const { relation, schema } = table
  draft.statement(
    phase,
    {
      about: `built beside the writers${index.unique ? '; a duplicate makes it fail' : ''}`,
      sql: createConcurrently(index),
      rollback: dropConcurrently(schema, index.name),
      transaction: false,
      index: { schema, relation: bareName(relation), name: index.name },
    },
    PLACE.last,
  )
}

/** The statement that builds an index beside the writers. */
export function createConcurrently({ name, unique, tail }: Index): string {
  return `CREATE ${unique ? 'UNIQUE ' : ''}INDEX CONCURRENTLY ${quoteIdentifier(name)} ${tail};`
}

/** A half-built index is dropped too, and one that was never begun is not an error: rolling back may follow a failure. */
function dropConcurrently(schema: string, name: string): string {
  return `DROP INDEX CONCURRENTLY IF EXISTS ${quoteDotted(`${schema}.${name}`)};`
}

function addIndex({ draft, from }: Ground, table: Table, index: Index): void {
  draft.change('add-index', table.relation, index.name, `index ${index.name} ${index.tail} is new`)
  if (table.partitionKey !== null) return addPartitionedIndex(draft, from.tables, table, index)
  buildIndex(draft, buildPhase(draft, table.relation), table, index)
}

/** The parent cannot be indexed concurrently: each partition is, and joins an index of the parent that has no content. */
function addPartitionedIndex(draft: Draft, tables: Table[], table: Table, index: Index): void {
  const phase = buildPhase(draft, table.relation)
  const partitions = tables.filter(({ parent }) => parent === table.relation)
  if (partitions.some(({ partitionKey }) => partitionKey !== null)) {
    return draft.leave(
      `index ${index.name}`,
      'partitions of partitions are not planned',
      'add it to each leaf CONCURRENTLY, then attach',
    )
  }
  const name = quoteIdentifier(index.name)
  draft.statement(
    phase,
    {
      about: 'the parent’s index, invalid until every partition has joined',
      sql: `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX ${name} ${index.tail};`,
      rollback: `DROP INDEX ${quoteDotted(`${table.schema}.${index.name}`)};`,
    },
    PLACE.last,
  )
  // The definition names the parent, and ONLY it.
  const where = index.tail.slice(index.tail.indexOf(' USING '))
  for (const partition of partitions) {
    const own = {
      ...index,
      name: newName(`${partition.name}_${index.name}`),
      tail: `ON ${quoteDotted(partition.relation)}${where}`,
    }
    buildIndex(draft, phase, partition, own)
    draft.statement(
      phase,
      {
        about: `${partition.name} joins`,
        sql: `ALTER INDEX ${quoteDotted(`${table.schema}.${index.name}`)} ATTACH PARTITION ${quoteDotted(sibling(partition.relation, own.name))};`,
        rollback: null,
      },
      PLACE.last,
    )
  }
}

function dropIndex({ draft, from }: Ground, table: Table, index: Index): void {
  draft.change('drop-index', table.relation, index.name, `index ${index.name} is dropped`)
  if (table.partitionKey !== null) {
    const parts = from.tables.filter(({ parent }) => parent === table.relation).length
    return draft.leave(
      `index ${index.name}`,
      `an index of ${parts} partitions cannot be dropped CONCURRENTLY`,
      'DROP INDEX in a quiet moment with a short lock_timeout',
    )
  }
  draft.statement(
    'contract',
    {
      about: 'no query plan needs it',
      sql: dropConcurrently(table.schema, index.name),
      rollback: createConcurrently(index),
      transaction: false,
      index: { schema: table.schema, relation: table.name, name: index.name },
    },
    PLACE.last,
  )
}

function renameIndex(draft: Draft, relation: string, from: Index, to: Index): void {
  draft.change('rename-index', relation, from.name, `index ${from.name} is called ${to.name}`)
  const rename = (old: string, now: string): string =>
    `ALTER INDEX ${quoteDotted(sibling(relation, old))} RENAME TO ${quoteIdentifier(now)};`
  draft.statement('switch', {
    about: 'a name only',
    sql: rename(from.name, to.name),
    rollback: rename(to.name, from.name),
  })
}

/** Built under another name, then both change names, then the old one goes. */
function changeIndex({ draft }: Ground, table: Table, from: Index, to: Index): void {
  const { relation, schema } = table
  draft.change('change-index', relation, to.name, `index ${to.name}: ${from.tail} -> ${to.tail}`)
  if (table.partitionKey !== null) {
    return draft.leave(
      `index ${to.name}`,
      'an index of a partitioned table is not exchanged in place',
      'add the new one under another name',
    )
  }
  const [fresh, old] = [newName(to.name), oldName(to.name)]
  buildIndex(draft, buildPhase(draft, relation), table, { ...to, name: fresh })
  const rename = (was: string, now: string): string =>
    `ALTER INDEX ${quoteDotted(`${schema}.${was}`)} RENAME TO ${quoteIdentifier(now)};`
  draft.statement('switch', {
    about: 'the new index takes the name',
    sql: `${rename(to.name, old)}\n${rename(fresh, to.name)}`,
    rollback: `${rename(to.name, fresh)}\n${rename(old, to.name)}`,
  })
  draft.statement(
    'contract',
    {
      about: 'the old one has nothing to do',
      sql: dropConcurrently(schema, old),
      rollback: createConcurrently({ ...from, name: old }),
      transaction: false,
      index: { schema, relation: table.name, name: old },
    },
    PLACE.last,
  )
}
