import { quoteIdentifier } from '@esa/database-catalog/sql'
import { nameWith, quoteDotted } from '@esa/database-catalog'
import type { Column } from '../model/catalog.ts'
import { identitySql } from './counting.ts'
import { type Draft, PLACE } from '../model/draft.ts'
import type { PhaseName } from '../model/plan.ts'

/** A column as CREATE TABLE and ADD COLUMN write it; `bare`: its type only, without default, NOT NULL and identity. */
export function columnSql(column: Column, bare = false): string {
  const { name, type, collation, notNull, generated } = column
  const value = column.default
  const parts = [quoteIdentifier(name), type, collation === null ? '' : `COLLATE ${collation}`]
  if (!bare) {
    if (generated !== '')
      parts.push(`GENERATED ALWAYS AS (${value}) ${generated === 's' ? 'STORED' : 'VIRTUAL'}`)
    else if (value !== null) parts.push(`DEFAULT ${value}`)
    if (column.counting !== null) parts.push(identitySql(column, column.counting))
    if (notNull) parts.push('NOT NULL')
  }
  return parts.filter((part) => part !== '').join(' ')
}

/** `ALTER TABLE relation action;` */
export function alter(relation: string, action: string): string {
  return `ALTER TABLE ${quoteDotted(relation)} ${action};`
}

/** `ALTER TABLE relation ALTER COLUMN column action;` */
export function alterColumn(relation: string, column: string, action: string): string {
  return alter(relation, `ALTER COLUMN ${quoteIdentifier(column)} ${action}`)
}

/** The check that lets SET NOT NULL believe that no row is NULL, and so read none. */
export function notNullCheck(
  relation: string,
  column: string,
): { add: string; validate: string; drop: string } {
  const name = quoteIdentifier(nameWith(column, '_esa_not_null'))
  return {
    add: alter(relation, `ADD CONSTRAINT ${name} CHECK (${quoteIdentifier(column)} IS NOT NULL) NOT VALID`),
    validate: alter(relation, `VALIDATE CONSTRAINT ${name}`),
    drop: alter(relation, `DROP CONSTRAINT ${name}`),
  }
}

/** The way back of DROP NOT NULL without reading the rows under a lock; the step itself must come before. */
export function wayBackToNotNull(
  draft: Draft,
  phase: PhaseName,
  relation: string,
  column: string,
  place: (typeof PLACE)[keyof typeof PLACE] = PLACE.usual,
): void {
  const check = notNullCheck(relation, column)
  draft.wayBack(phase, check.validate, { place })
  draft.wayBack(phase, check.add, { place })
}

/** Undoes DROP NOT NULL once `wayBackToNotNull` was walked. */
export function againNotNull(relation: string, column: string): string {
  return `${alterColumn(relation, column, 'SET NOT NULL')}\n${notNullCheck(relation, column).drop}`
}
