import { quoteIdentifier } from '@esa/database-catalog/sql'
import type { Column } from '@esa/database-catalog'

/**
 * A column's value as text, in SQL of our own; `of` names its row. Where a user made a cast of its type, the type's own
 * output function writes it, as the cast would run with the rights of this role.
 */
export function textOf({ name, castByUser }: Pick<Column, 'name' | 'castByUser'>, of?: string): string {
  const column = of === undefined ? quoteIdentifier(name) : `${of}.${quoteIdentifier(name)}`
  // A row of NULLs IS NULL as well, and is a value.
  return castByUser
    ? `(case when ${column} is distinct from null then format('%s', ${column}) end)`
    : `${column}::text`
}

/** Whether two columns of the same type hold the same, in SQL of our own. */
export function sameValue(
  { name, equals }: Pick<Column, 'name' | 'equals'>,
  of: string,
  other: string,
  otherName = name,
): string {
  return `${of}.${quoteIdentifier(name)} ${equals} ${other}.${quoteIdentifier(otherName)}`
}
