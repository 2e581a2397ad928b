import { quoteIdentifier, quoteRelation } from '../identifiers.ts'
import type { Table } from './read-catalog.ts'

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

/** An index built beside running writes. */
export function createIndex(table: Table, columns: readonly string[], where = ''): string {
  return `CREATE INDEX CONCURRENTLY ON ${sqlName(table)} (${columns.map(quoteIdentifier).join(', ')})${where};`
}
