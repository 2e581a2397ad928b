import { quoteIdentifier } from '@esa/database-catalog/sql'
import { bareName, newName, oldName, quoteDotted, sibling } from '@esa/database-catalog'
import { isOf, type TypeInTransit } from '../objects/carry-over.ts'
import type { Catalog, Constraint, Table } from '../model/catalog.ts'
import { againNotNull, alter, alterColumn, wayBackToNotNull } from '../objects/column-sql.ts'
import { renaming, usingIndex } from '../objects/constraints.ts'
import { type Draft, type Ground, PLACE } from '../model/draft.ts'
import { generationChange, generationsOf, moveGeneration } from './generation.ts'
import { createConcurrently } from '../objects/indexes.ts'
import { type Shadow, type Shadows, partsOf } from './shadow-columns.ts'
import { defineSync } from './sync-triggers.ts'
import { Swap } from './swap.ts'
import { dependentViews } from '../objects/views.ts'

/**
 * For each table one transaction in which the new columns take the place of the old ones, which stay in step. Tables with
 * a type in transit change together: its name means one type at a time. Tables come after those they point to.
 */
export async function planSwaps(
  ground: Ground,
  shadows: Shadows,
  types: readonly TypeInTransit[],
): Promise<void> {
  const relations = referencedFirst([...shadows.byRelation.keys()], ground.from.tables)
  const typed = relations.map((relation) =>
    shadows.byRelation.get(relation)!.some(({ to }) => types.some(({ name }) => isOf(to.type, name))),
  )
  // What is between them in the order changes with them, so that the order holds.
  const [first, last] = [Math.max(0, typed.indexOf(true)), typed.lastIndexOf(true) + 1]
  const together = relations.slice(first, last)
  const alone = (list: string[]): string[][] => list.map((relation) => [relation])
  const groups = [
    ...alone(relations.slice(0, first)),
    ...(types.length > 0 ? [together] : []),
    ...alone(relations.slice(last)),
  ]
  for (const group of groups) {
    const swap = new Swap(locked(ground, shadows, group))
    if (group === together) for (const type of types) swapTypeName(swap, type)
    for (const relation of group) prepareWayBackBefore(ground, shadows, relation)
    for (const relation of group) await swapTable(ground, shadows, relation, swap)
    const columns = group.flatMap((relation) =>
      shadows.byRelation.get(relation)!.map(({ to }) => `${relation}.${to.name}`),
    )
    ground.draft.statement('switch', {
      about: `${[...(group === together ? types.map(({ name }) => name) : []), ...columns].join(', ')}: the new ones take the names; only definitions change`,
      sql: swap.sql,
      rollback: swap.rollback,
    })
    for (const relation of group) prepareWayBackAfter(ground, shadows, relation)
  }
  for (const relation of shadows.byRelation.keys()) dropOldColumns(ground, shadows, relation)
}

/** Tables whose foreign keys change hands, then those in transit, those that point to others first. */
function locked({ from, to }: Ground, shadows: Shadows, group: readonly string[]): string[] {
  const children = group.flatMap((relation) =>
    [
      ...pointing(shadows, from.tables, relation, shadows.old.tables),
      ...pointing(shadows, to.tables, relation, shadows.fresh.tables),
    ].map(({ child }) => child.relation),
  )
  return [...new Set([...children, ...group.toReversed()])]
}

/** The types change names in the transaction in which their columns do. */
function swapTypeName(swap: Swap, { name, transit }: TypeInTransit): void {
  const rename = (from: string, to: string): string =>
    `ALTER TYPE ${quoteDotted(from)} RENAME TO ${quoteIdentifier(bareName(to))};`
  const old = sibling(name, oldName(bareName(name)))
  swap.step(rename(name, old), rename(old, name))
  swap.step(rename(transit, name), rename(name, transit))
}

function referencedFirst(relations: string[], tables: readonly Table[]): string[] {
  const ordered: string[] = []
  const visit = (relation: string, path: string[]): void => {
    if (ordered.includes(relation) || path.includes(relation) || !relations.includes(relation)) return
    for (const { references } of tables.find((one) => one.relation === relation)!.constraints)
      if (references !== null) visit(references, [...path, relation])
    ordered.push(relation)
  }
  for (const relation of relations) visit(relation, [])
  return ordered
}

/** A table before and after, and what of it names a column in transit, by its passing name. */
function sidesOf({ from, to }: Ground, shadows: Shadows, relation: string) {
  const find = (tables: readonly Table[]): Table => tables.find((one) => one.relation === relation)!
  const [was, shall] = [find(from.tables), find(to.tables)]
  const before = partsOf(shadows, find(shadows.old.tables))
  const after = partsOf(shadows, find(shadows.fresh.tables))
  const key = (part: typeof before): Constraint | undefined =>
    part.constraints.find(({ type }) => type === 'p')
  return { was, shall, before, after, oldKey: key(before), newKey: key(after) }
}

async function swapTable(ground: Ground, shadows: Shadows, relation: string, swap: Swap): Promise<void> {
  const { draft } = ground
  const { was, shall, before, after, oldKey, newKey } = sidesOf(ground, shadows, relation)
  const views = await dependentViews(ground, relation)
  for (const view of views.toReversed()) swap.step(view.drop, view.from)
  dropPointing(ground, shadows, was, swap)
  if (oldKey) {
    const drop = alter(relation, `DROP CONSTRAINT ${quoteIdentifier(oldKey.name)}`)
    swap.step(drop, alter(relation, usingIndex(oldKey, oldKey.name, oldName(oldKey.name))))
  }
  // Keys that point to a table in transit change hands with that table.
  const own = ({ type, references }: Constraint): boolean =>
    type !== 'p' && (references === null || !shadows.byRelation.has(references))
  const rename = (from: string, to: string): void =>
    swap.step(renaming(relation, from, to), renaming(relation, to, from))
  for (const { name } of before.constraints.filter(own)) rename(name, oldName(name))
  for (const { name } of before.indexes) swapIndexName(swap, relation, name, oldName(name))
  for (const shadow of shadows.byRelation.get(relation)!) swapColumn(ground, shadows, relation, shadow, swap)
  if (newKey) {
    const drop = alter(relation, `DROP CONSTRAINT ${quoteIdentifier(newKey.name)}`)
    swap.step(alter(relation, usingIndex(newKey, newKey.name, newName(newKey.name))), drop)
  }
  for (const { name } of after.constraints.filter(own)) rename(newName(name), name)
  for (const { name } of after.indexes) swapIndexName(swap, relation, newName(name), name)
  renamePointing(ground, shadows, shall, swap)
  const blocks = draft.syncs.get(relation) ?? []
  swap.step(defineSync(relation, blocks, 'after'), defineSync(relation, blocks, 'before'))
  for (const view of views) swap.step(view.to, view.drop)
}

/**
 * Foreign keys come back unvalidated; the new key goes with its index and with the foreign keys that use it. All of that is
 * mended after the transaction is undone: the last one here comes first then.
 */
function prepareWayBackBefore(ground: Ground, shadows: Shadows, relation: string): void {
  const { draft } = ground
  const { newKey } = sidesOf(ground, shadows, relation)
  const validate = (child: Table, name: string): void =>
    draft.wayBack('switch', alter(child.relation, `VALIDATE CONSTRAINT ${quoteIdentifier(name)}`))
  for (const { child, key } of pointing(shadows, ground.from.tables, relation, shadows.old.tables))
    if (key.validated) validate(child, key.name)
  if (!newKey) return
  for (const { child, passing } of pointing(shadows, ground.to.tables, relation, shadows.fresh.tables)) {
    const name = newName(passing.name)
    if (passing.validated) validate(child, name)
    const add = `ADD CONSTRAINT ${quoteIdentifier(name)} ${passing.definition} NOT VALID`
    draft.wayBack('switch', alter(child.relation, add))
  }
  wayBackToIndex(draft, newName(newKey.name), newKey)
}

/** What the transaction needs to be undone at once: an index for the old key, a proof that nothing is NULL. */
function prepareWayBackAfter(ground: Ground, shadows: Shadows, relation: string): void {
  const { oldKey } = sidesOf(ground, shadows, relation)
  if (oldKey) wayBackToIndex(ground.draft, oldName(oldKey.name), oldKey)
  for (const { from, old } of shadows.byRelation.get(relation)!)
    if (from.notNull) wayBackToNotNull(ground.draft, 'switch', relation, old)
}

function wayBackToIndex(draft: Draft, name: string, { indexTail }: Constraint): void {
  draft.wayBack('switch', createConcurrently({ name, unique: true, tail: indexTail! }), {
    transaction: false,
  })
}

/** Foreign keys to columns in transit of a relation, as they are and by the passing names. */
function pointing(
  shadows: Shadows,
  tables: readonly Table[],
  relation: string,
  others: readonly Table[],
): { child: Table; key: Constraint; passing: Constraint }[] {
  return tables.flatMap((child) => {
    const other = others.find((one) => one.relation === child.relation)
    if (other === undefined) return []
    return partsOf(shadows, other)
      .constraints.filter(({ type, references }) => type === 'f' && references === relation)
      .map((passing) => ({
        child,
        key: child.constraints.find(({ name }) => name === passing.name)!,
        passing,
      }))
  })
}

function dropPointing(ground: Ground, shadows: Shadows, was: Table, swap: Swap): void {
  for (const { child, key } of pointing(shadows, ground.from.tables, was.relation, shadows.old.tables)) {
    const name = quoteIdentifier(key.name)
    swap.step(
      alter(child.relation, `DROP CONSTRAINT ${name}`),
      alter(child.relation, `ADD CONSTRAINT ${name} ${key.definition} NOT VALID`),
    )
  }
}

function renamePointing(ground: Ground, shadows: Shadows, shall: Table, swap: Swap): void {
  const { newKey } = sidesOf(ground, shadows, shall.relation)
  for (const { child, key } of pointing(shadows, ground.to.tables, shall.relation, shadows.fresh.tables))
    swap.step(
      renaming(child.relation, newName(key.name), key.name),
      newKey
        ? alter(child.relation, `DROP CONSTRAINT ${quoteIdentifier(key.name)}`)
        : renaming(child.relation, key.name, newName(key.name)),
    )
}

function swapIndexName(swap: Swap, relation: string, from: string, to: string): void {
  const rename = (was: string, now: string): string =>
    `ALTER INDEX ${quoteDotted(sibling(relation, was))} RENAME TO ${quoteIdentifier(now)};`
  swap.step(rename(from, to), rename(to, from))
}

function swapColumn(
  ground: Ground,
  shadows: Shadows,
  relation: string,
  { from, to, fresh, old }: Shadow,
  swap: Swap,
): void {
  const rename = (was: string, now: string): string =>
    alter(relation, `RENAME COLUMN ${quoteIdentifier(was)} TO ${quoteIdentifier(now)}`)
  swap.step(rename(to.name, old), rename(old, to.name))
  swap.step(rename(fresh, to.name), rename(to.name, fresh))
  const change = generationChange(ground.from, ground.to, relation, { from, to })
  if (change !== undefined || to.counting !== null) {
    // The same kind all the same: the new column counts on from where the old one is.
    const there = change ?? generationsOf(ground.from, ground.to, relation, { from, to })
    const back = { from: there.to, to: there.from }
    const defaults = { from: from.default, to: to.default }
    swap.step(
      moveGeneration(relation, old, to.name, there, defaults),
      moveGeneration(relation, to.name, old, back, { from: to.default, to: from.default }),
    )
  } else swapDefault(ground.to, shadows, relation, { to, old }, swap)
  // Writers of the new type may have no value for the old column; an identity column must be NOT NULL, so this comes last.
  if (from.notNull) swap.step(alterColumn(relation, old, 'DROP NOT NULL'), againNotNull(relation, old))
}

/** Defaults, and the sequence that one of them draws from. */
function swapDefault(
  goal: Catalog,
  shadows: Shadows,
  relation: string,
  { to, old }: Pick<Shadow, 'to' | 'old'>,
  swap: Swap,
): void {
  for (const { name, ownedBy } of goal.sequences) {
    if (ownedBy !== `${relation}.${to.name}`) continue
    const own = (column: string): string =>
      `ALTER SEQUENCE ${quoteDotted(name)} OWNED BY ${quoteDotted(relation)}.${quoteIdentifier(column)};`
    swap.step(own(to.name), own(old))
  }
  const passing = shadows.old.tables
    .find((table) => table.relation === relation)!
    .columns.find(({ name }) => name === old)!
  if (passing.default !== null)
    swap.step(
      alterColumn(relation, old, 'DROP DEFAULT'),
      alterColumn(relation, old, `SET DEFAULT ${passing.default}`),
    )
  if (to.default !== null)
    swap.step(
      alterColumn(relation, to.name, `SET DEFAULT ${to.default}`),
      alterColumn(relation, to.name, 'DROP DEFAULT'),
    )
}

/** With the columns go their constraints and indexes; those that only gave their names away are dropped by name. */
function dropOldColumns(ground: Ground, shadows: Shadows, relation: string): void {
  const { draft, finalName } = ground
  const last = finalName(relation)
  const { was, before } = sidesOf(ground, shadows, relation)
  const plain = new Set([...was.constraints, ...was.indexes].map((part) => JSON.stringify(part)))
  const strays = (parts: readonly { name: string; type?: string }[]): string[] =>
    parts
      .filter((part) => part.type !== 'p' && plain.has(JSON.stringify(part)))
      .map(({ name }) => oldName(name))
  const columns = shadows.byRelation.get(relation)!
  const drops = [
    ...strays(before.constraints).map((name) => `DROP CONSTRAINT IF EXISTS ${quoteIdentifier(name)}`),
    ...columns.map(({ old }) => `DROP COLUMN ${quoteIdentifier(old)}`),
  ]
  const indexes = strays(before.indexes).map((name) => `DROP INDEX ${quoteDotted(sibling(last, name))};`)
  draft.statement(
    'contract',
    {
      about: 'the old columns are gone with their indexes: the switch cannot be undone any more',
      sql: [alter(last, drops.join(', ')), ...indexes].join('\n'),
      rollback: null,
      destructive: true,
    },
    PLACE.late,
  )
}
