import { quoteIdentifier } from '@esa/database-catalog/sql'
import type { Column, Table } from '../model/catalog.ts'
import { addColumn } from './add-column.ts'
import { againNotNull, alter, alterColumn, wayBackToNotNull } from '../objects/column-sql.ts'
import { identitySql } from '../objects/counting.ts'
import type { TableDifference } from '../model/differences.ts'
import { type Ground, PLACE } from '../model/draft.ts'
import { type GenerationChange, generationChange, moveGeneration, recount } from './generation.ts'
import { assigned, requireNotNull } from './not-null.ts'
import { Swap } from './swap.ts'

/** Columns that are added, dropped or differ, but for those whose type differs: they are left to the shadow columns. */
export async function planColumns(
  ground: Ground,
  table: TableDifference,
  shadowed: Set<string>,
): Promise<void> {
  const { relation } = table.from
  for (const { from, to } of table.columns) {
    const name = (to ?? from)!.name
    if (shadowed.has(`${relation}.${name}`)) continue
    if (from === undefined) await addColumn(ground, table.from, to!)
    else if (to === undefined) dropColumn(ground, table, from)
    else changeColumn(ground, table.from, from, to)
  }
}

function changeColumn(ground: Ground, table: Table, from: Column, to: Column): void {
  const { draft } = ground
  const { relation } = table
  const place = `${relation}.${to.name}`
  const generation = generationChange(ground.from, ground.to, relation, { from, to })
  if (from.generated !== to.generated || (to.generated !== '' && from.default !== to.default)) {
    return draft.leave(
      `generation of ${place}`,
      'the server computes stored values only by rewriting the table',
      'add a new column, keep it by a trigger, and switch to it',
    )
  }
  if (generation !== undefined) changeGeneration(ground, relation, { from, to }, generation)
  else if (countsOtherwise(from, to)) changeIdentity(ground, relation, from, to)
  else if (from.default !== to.default) changeDefault(ground, relation, from, to)
  if (to.notNull && !from.notNull) {
    draft.change('set-not-null', relation, to.name, `${place} becomes NOT NULL`)
    requireNotNull(ground, table, to)
  }
  if (from.notNull && !to.notNull) {
    draft.change('drop-not-null', relation, to.name, `${place} may be NULL`)
    loosen(ground, relation, to.name)
  }
}

function changeGeneration(
  { draft }: Ground,
  relation: string,
  { from, to }: { from: Column; to: Column },
  change: GenerationChange,
): void {
  const kinds = `${change.from.kind} -> ${change.to.kind}`
  draft.change('change-identity', relation, to.name, `values of ${relation}.${to.name}: ${kinds}`)
  const back = { from: change.to, to: change.from }
  const swap = new Swap([relation])
  swap.step(
    moveGeneration(relation, to.name, to.name, change, { from: from.default, to: to.default }),
    moveGeneration(relation, to.name, to.name, back, { from: to.default, to: from.default }),
  )
  draft.statement(
    'switch',
    { about: `${kinds}, going on from the next value`, sql: swap.sql, rollback: swap.rollback },
    // An identity column must be NOT NULL, which comes before.
    PLACE.late,
  )
}

/** A partition's identity changes with that of the table it is part of. */
function countsOtherwise(from: Column, to: Column): boolean {
  const [was, shall] = [from, to].map(({ identity, counting }) => JSON.stringify([identity, counting]))
  return to.counting !== null && was !== shall
}

function changeIdentity({ draft }: Ground, relation: string, from: Column, to: Column): void {
  const kinds = [from, to].map((column) => identitySql(column, column.counting!))
  draft.change('change-identity', relation, to.name, `${relation}.${to.name}: ${kinds.join(' -> ')}`)
  const swap = new Swap([relation])
  swap.step(recount(relation, from, to), recount(relation, to, from))
  draft.statement('switch', {
    about: 'a definition only; no value comes that was given before',
    sql: swap.sql,
    rollback: swap.rollback,
  })
}

/** Old code must not meet a value it does not know before it is gone: the default changes at the switch. */
function changeDefault({ draft }: Ground, relation: string, from: Column, to: Column): void {
  const action = (column: Column): string =>
    column.default === null ? 'DROP DEFAULT' : `SET DEFAULT ${column.default}`
  draft.change(
    'change-default',
    relation,
    to.name,
    `default of ${relation}.${to.name}: ${from.default ?? 'none'} -> ${to.default ?? 'none'}`,
  )
  draft.statement('switch', {
    about: `new rows get ${to.default ?? 'no default'}; rows that are there keep their value`,
    sql: alterColumn(relation, to.name, action(to)),
    rollback: alterColumn(relation, to.name, action(from)),
  })
}

function loosen({ draft }: Ground, relation: string, column: string): void {
  draft.statement('expand', {
    about: `rows without ${column} are taken`,
    sql: alterColumn(relation, column, 'DROP NOT NULL'),
    rollback: againNotNull(relation, column),
  })
  wayBackToNotNull(draft, 'expand', relation, column)
}

/** New code does not know the column, so it writes rows without it: they are filled by a trigger, or have no value. */
function letGo({ draft, hints, finalName }: Ground, relation: string, column: string, kept: boolean): void {
  const place = `${relation}.${column}`
  const fill = hints.fill.get(place)
  if (fill !== undefined) {
    const name = quoteIdentifier(column)
    const block = `IF NEW.${name} IS NULL THEN ${assigned(name, fill)} END IF;`
    draft.sync(relation, { before: block, after: block })
  }
  const filled = kept || fill !== undefined
  if (!filled)
    draft.notes.push(
      `${place} stays nullable when the switch is undone: code of after writes rows without it; --fill ${place}=EXPRESSION would fill them`,
    )
  const about = `rows without ${column} are taken`
  const at = filled ? finalName(relation) : relation
  draft.statement(
    filled ? 'contract' : 'switch',
    {
      about,
      sql: alterColumn(at, column, 'DROP NOT NULL'),
      rollback: filled ? againNotNull(at, column) : null,
    },
    filled ? PLACE.first : PLACE.usual,
  )
  if (filled) wayBackToNotNull(draft, 'contract', at, column, PLACE.first)
}

function dropColumn(ground: Ground, table: TableDifference, column: Column): void {
  const { draft, hints } = ground
  const { relation } = table.from
  const place = `${relation}.${column.name}`
  draft.change('drop-column', relation, column.name, `${place} is dropped`)
  const inPrimaryKey = table.from.constraints.some(
    ({ type, columns }) => type === 'p' && columns.includes(column.name),
  )
  const moved = hints.extract.some((one) => one.relation === relation && one.dependents.includes(column.name))
  const kept = moved || hints.split.get(place)?.back !== undefined
  if (column.notNull && column.default === null && column.identity === '' && !inPrimaryKey)
    letGo(ground, relation, column.name, kept)
  draft.statement(
    'contract',
    {
      about: `${place} is gone with its content: code must no longer read it`,
      sql: alter(ground.finalName(relation), `DROP COLUMN ${quoteIdentifier(column.name)}`),
      rollback: null,
      destructive: true,
    },
    PLACE.late,
  )
  const twins = table.columns.filter(({ from, to }) => from === undefined && to!.type === column.type)
  if (twins.length > 0 && !moved && !hints.split.has(place))
    draft.notes.push(
      `${place} is dropped and ${twins.map(({ to }) => to!.name).join(', ')} of the same type added: if this is a rename, say --rename ${place}=${twins[0]!.to!.name}`,
    )
}
