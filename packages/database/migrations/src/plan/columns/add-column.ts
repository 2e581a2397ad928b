import { quoteIdentifier } from '@esa/database-catalog/sql'
import { backfill } from './backfill.ts'
import type { Column, Table } from '../model/catalog.ts'
import { alter, columnSql } from '../objects/column-sql.ts'
import type { Ground } from '../model/draft.ts'
import { assigned, requireNotNull } from './not-null.ts'
import { costOf } from '../model/trial.ts'

/** A new column. What the server does with a definition alone is one statement; else it is added empty and filled. */
export async function addColumn(ground: Ground, table: Table, column: Column): Promise<void> {
  const { draft, source, hints } = ground
  const { relation } = table
  const place = `${relation}.${column.name}`
  draft.change('add-column', relation, column.name, `${place} ${columnSql(column)} is new`)
  const whole = alter(relation, `ADD COLUMN ${columnSql(column)}`)
  const drop = alter(relation, `DROP COLUMN ${quoteIdentifier(column.name)}`)
  const fill = hints.fill.get(place)
  const split = splitOf(ground, relation, column.name)
  // Trying a default that draws from a sequence needs the sequence, which is made by an earlier step.
  const drawing = column.default?.includes('nextval(') ?? false
  const cost = drawing ? 'rewrite' : await costOf(source, relation, whole)
  if (cost === 'nothing' && fill === undefined && !split) {
    draft.statement('expand', { about: 'a definition only: no row is touched', sql: whole, rollback: drop })
    return
  }
  if (column.generated !== '' || column.identity !== '') {
    const what = column.identity === '' ? 'a stored generated column' : 'an identity column'
    draft.leave(
      place,
      `${what} is filled only by rewriting the table under AccessExclusiveLock`,
      'add a plain column with a default or a trigger instead',
    )
    return
  }
  if (split) return addEmpty(ground, table, column, drop)
  if (column.notNull && column.default === null && fill === undefined) {
    draft.leave(
      place,
      'NOT NULL without a default, and nothing says what rows that are there get',
      `say --fill ${place}=EXPRESSION`,
    )
    return
  }
  fillColumn(ground, table, column, drop)
}

/** The value comes from another column; NOT NULL follows when it is there. */
function addEmpty(ground: Ground, { relation }: Table, column: Column, drop: string): void {
  ground.draft.statement('expand', {
    about: 'empty: filled from the column it replaces',
    sql: alter(relation, `ADD COLUMN ${columnSql(column, true)}`),
    rollback: drop,
  })
}

function fillColumn(ground: Ground, table: Table, column: Column, drop: string): void {
  const { draft, hints } = ground
  const { relation } = table
  const name = quoteIdentifier(column.name)
  const add = alter(relation, `ADD COLUMN ${columnSql(column, true)}`)
  const sets =
    column.default === null
      ? ''
      : `\n${alter(relation, `ALTER COLUMN ${name} SET DEFAULT ${column.default}`)}`
  draft.statement('expand', {
    about: 'empty at first: a default given at once would be written into every row under a lock',
    sql: `${add}${sets}`,
    rollback: drop,
  })
  const value = hints.fill.get(`${relation}.${column.name}`) ?? column.default!
  if (column.notNull) return requireNotNull(ground, table, column)
  if (hints.fill.has(`${relation}.${column.name}`)) {
    const block = `IF TG_OP = 'INSERT' AND NEW.${name} IS NULL THEN ${assigned(name, value)} END IF;`
    draft.sync(relation, { before: block, after: block })
  }
  backfill(draft, table, {
    about: `rows that are there get ${value}`,
    columns: [column.name],
    set: `${name} = (${value})`,
    where: `t.${name} IS NULL`,
  })
}

function splitOf({ hints }: Ground, relation: string, column: string): boolean {
  return [...hints.split].some(
    ([place, { into }]) => place.startsWith(`${relation}.`) && Object.hasOwn(into, column),
  )
}
