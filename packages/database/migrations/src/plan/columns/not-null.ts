import { quoteIdentifier } from '@esa/database-catalog/sql'
import { backfill } from './backfill.ts'
import type { Column, Table } from '../model/catalog.ts'
import { alterColumn, notNullCheck } from '../objects/column-sql.ts'
import { type Ground, PLACE } from '../model/draft.ts'

/**
 * NOT NULL without reading the table under a lock that blocks: a check not yet valid, validated beside the writers,
 * lets SET NOT NULL read nothing. Rows without a value get the hint's or the default's.
 */
export function requireNotNull(ground: Ground, table: Table, column: Column): void {
  const { draft, hints } = ground
  const { relation } = table
  const name = quoteIdentifier(column.name)
  const value = hints.fill.get(`${relation}.${column.name}`) ?? column.default
  if (value === null) {
    draft.notes.push(
      `${relation}.${column.name} becomes NOT NULL and nothing says what NULL becomes: rows with NULL stop VALIDATE; say --fill ${relation}.${column.name}=EXPRESSION`,
    )
  } else {
    // A writer that does not know the rule yet says NULL: it is filled rather than refused, to the contract phase.
    const block = `IF NEW.${name} IS NULL THEN ${assigned(name, value)} END IF;`
    draft.sync(relation, { before: block, after: block })
    backfill(draft, table, {
      about: `rows whose ${column.name} is NULL get ${value}`,
      columns: [column.name],
      set: `${name} = (${value})`,
      where: `t.${name} IS NULL`,
    })
  }
  proveNotNull(ground, relation, column.name)
}

/** The check, its validation, the switch to NOT NULL, and the end of the check. */
export function proveNotNull({ draft, finalName }: Ground, relation: string, column: string): void {
  const check = notNullCheck(relation, column)
  draft.statement('validate', {
    about: `from now on no row may be without ${column}`,
    sql: check.add,
    rollback: check.drop,
  })
  draft.statement('validate', {
    about: 'reads the rows beside the writers',
    sql: check.validate,
    rollback: null,
  })
  draft.statement('switch', {
    about: 'the validated check spares the reading',
    sql: alterColumn(relation, column, 'SET NOT NULL'),
    rollback: alterColumn(relation, column, 'DROP NOT NULL'),
  })
  const last = notNullCheck(finalName(relation), column)
  draft.statement(
    'contract',
    { about: 'NOT NULL has taken its place', sql: last.drop, rollback: last.add },
    PLACE.early,
  )
  draft.wayBack('contract', last.validate, { place: PLACE.first })
}

/** The expression may name columns of the row. */
export function assigned(name: string, expression: string): string {
  return `NEW.${name} := (SELECT (${expression}) FROM (SELECT NEW.*) AS t);`
}
