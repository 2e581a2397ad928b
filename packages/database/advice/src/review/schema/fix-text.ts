import { quoteIdentifier, quoteRelation } from '@esa/database-catalog/sql'
import type { Table } from '@esa/database-catalog'

/** A table's name as a statement writes it. */
export function sqlName(table: Pick<Table, 'schema' | 'name'>): string {
  return quoteRelation(table.schema, table.name)
}

/** Longest identifier, with room for a suffix. */
const NAME_CHARS = 60

/** Statements that check what is there without blocking writers: a constraint is added for new rows first. */
export function addConstraint(table: Table, name: string, definition: string): string {
  const constraint = quoteIdentifier(name.slice(0, NAME_CHARS))
  return `ALTER TABLE ${sqlName(table)} ADD CONSTRAINT ${constraint} ${definition} NOT VALID;\nALTER TABLE ${sqlName(table)} VALIDATE CONSTRAINT ${constraint};`
}

/** The same for a foreign key; that of a partitioned table is checked at once, and the comment says who waits for it. */
export function addForeignKey(table: Table, name: string, definition: string): string {
  if (!table.partitioned) return addConstraint(table, name, definition)
  const constraint = quoteIdentifier(name.slice(0, NAME_CHARS))
  return [
    '-- reads every row while writers of both tables wait (from PostgreSQL 18 on, NOT VALID and then VALIDATE CONSTRAINT block nothing)',
    `ALTER TABLE ${sqlName(table)} ADD CONSTRAINT ${constraint} ${definition};`,
  ].join('\n')
}

/**
 * Statements that make columns NOT NULL with no more than a moment's lock: SET NOT NULL believes a validated check, also
 * one of several columns, and does not read the table again.
 */
export function setNotNull(table: Table, columns: readonly string[]): string {
  const name = quoteIdentifier(`${table.name}_not_null_check`.slice(0, NAME_CHARS))
  const quoted = columns.map(quoteIdentifier)
  const check = quoted.map((column) => `${column} IS NOT NULL`).join(' AND ')
  return [
    addConstraint(table, `${table.name}_not_null_check`, `CHECK (${check})`),
    `ALTER TABLE ${sqlName(table)} ${quoted.map((column) => `ALTER COLUMN ${column} SET NOT NULL`).join(', ')};`,
    `ALTER TABLE ${sqlName(table)} DROP CONSTRAINT ${name};`,
  ].join('\n')
}

/** An index built beside running writes; of a partitioned table there is no such build, which a comment says. */
export function createIndex(table: Table, columns: readonly string[], where = ''): string {
  return buildIndex('INDEX', table, columns, where)
}

/** The same for a unique one; a comment alone where a table is partitioned by other columns, as there can be none. */
export function createUniqueIndex(table: Table, columns: readonly string[]): string {
  const others = table.partitionKey.filter((name) => name === null || !columns.includes(name))
  if (others.length === 0) return buildIndex('UNIQUE INDEX', table, columns, '')
  const by = others.map((name) => (name === null ? 'an expression' : quoteIdentifier(name))).join(', ')
  return `-- no index keeps ${columns.map(quoteIdentifier).join(', ')} unique across partitions by ${by}: build one on each partition, or keep these values in a table of their own`
}

function buildIndex(what: string, table: Table, columns: readonly string[], where: string): string {
  const on = `${sqlName(table)} (${columns.map(quoteIdentifier).join(', ')})${where};`
  if (!table.partitioned) return `CREATE ${what} CONCURRENTLY ON ${on}`
  return [
    '-- writers of every partition wait for this one: an index of a partitioned table is not built CONCURRENTLY',
    `-- beside writes: CREATE ${what} on ONLY the table, CONCURRENTLY on each partition, then ALTER INDEX ATTACH PARTITION`,
    `CREATE ${what} ON ${on}`,
  ].join('\n')
}
