import { quoteIdentifier } from '@esa/database-catalog/sql'
import { bareName, newName, oldName, quoteDotted } from '@esa/database-catalog'
import { backfill } from './backfill.ts'
import { type CarryOver, carryOver, isOf, transitType, type TypeInTransit } from '../objects/carry-over.ts'
import type { Catalog, Column, Table } from '../model/catalog.ts'
import { alter, alterColumn, columnSql, notNullCheck } from '../objects/column-sql.ts'
import { addConstraintAs, addNotValid } from '../objects/constraints.ts'
import { type Ground, PLACE } from '../model/draft.ts'
import { buildIndex } from '../objects/indexes.ts'
import { readCatalog } from '../model/read-catalog.ts'
import { copyColumnRights } from '../objects/rights.ts'
import { costOf, takes, undone } from '../model/trial.ts'

/** A column that gets a new type by a second column beside it. */
export interface Shadow {
  from: Column
  to: Column
  /** Name of the new column until the switch, of the old one afterwards. */
  fresh: string
  old: string
  carry: CarryOver
}

/** All columns in transit, by relation, and the catalogs in which they bear their passing names. */
export interface Shadows {
  byRelation: Map<string, Shadow[]>
  /** Columns whose type cannot be changed by a plan, `schema.relation.column`: nothing about them is planned. */
  left: ReadonlySet<string>
  /** The goal with the new columns' names of before the switch; the source with the old ones' names of after it. */
  fresh: Catalog
  old: Catalog
  /** By relation the names of constraints and indexes that name a column in transit, before or after. */
  parts: Map<string, Set<string>>
}

/** Finds the columns whose type differs. What needs no new files is changed in place at the switch. */
export async function findShadows(ground: Ground, changed: readonly TypeInTransit[]): Promise<Shadows> {
  const byRelation = new Map<string, Shadow[]>()
  const left = new Set<string>()
  for (const from of ground.from.tables) {
    const to = ground.to.tables.find(({ relation }) => relation === from.relation)
    for (const column of to?.columns ?? []) {
      const before = from.columns.find(({ name }) => name === column.name)
      if (before === undefined || !hasOtherType(before, column, changed)) continue
      const shadow = await findShadow(ground, from, before, column, changed)
      if (shadow === 'left') left.add(`${from.relation}.${column.name}`)
      else if (shadow) byRelation.set(from.relation, [...(byRelation.get(from.relation) ?? []), shadow])
    }
  }
  const fresh = await renamed(ground.goal, byRelation, changed, newName)
  const old = await renamed(ground.source, byRelation, changed, oldName)
  const parts = new Map<string, Set<string>>()
  for (const [plain, passing] of [
    [ground.from, old],
    [ground.to, fresh],
  ] as const)
    for (const table of passing.tables) {
      const is = plain.tables.find(({ relation }) => relation === table.relation)!
      parts.set(table.relation, new Set([...(parts.get(table.relation) ?? []), ...touched(is, table)]))
    }
  return { byRelation, left, fresh, old, parts }
}

function hasOtherType(from: Column, to: Column, changed: readonly TypeInTransit[]): boolean {
  return (
    from.type !== to.type ||
    from.collation !== to.collation ||
    changed.some(({ name }) => isOf(to.type, name))
  )
}

async function findShadow(
  ground: Ground,
  table: Table,
  from: Column,
  to: Column,
  changed: readonly TypeInTransit[],
): Promise<Shadow | 'left' | undefined> {
  const { draft } = ground
  const { relation } = table
  const place = `${relation}.${to.name}`
  const what = from.type === to.type ? `the new ${to.type}` : `${from.type} -> ${to.type}`
  draft.change('change-type', relation, to.name, `${place}: ${what}`)
  const collate = to.collation === null ? '' : ` COLLATE ${to.collation}`
  const inPlace = alterColumn(relation, to.name, `TYPE ${to.type}${collate}`)
  if (from.type !== to.type && (await costOf(ground.source, relation, inPlace)) === 'nothing') {
    const undo = alterColumn(relation, to.name, `TYPE ${from.type}`)
    draft.statement('switch', {
      about: `${to.type} holds every ${from.type} as it is stored: no row and no index is touched`,
      sql: inPlace,
      rollback: null,
    })
    draft.notes.push(
      `${place} stays ${to.type} when the switch is undone, which does no harm; ${undo} reads every row`,
    )
    return undefined
  }
  const obstacle = obstacleOf(table, from, to)
  const carry = await carryOver(ground, place, from, to, changed)
  if (obstacle !== undefined || carry === undefined) {
    draft.leave(
      place,
      obstacle ?? `PostgreSQL has no cast from ${from.type} to ${to.type}`,
      carry === undefined ? `say how in --hints: {"using": {"${place}": {"to": "EXPRESSION"}}}` : undefined,
    )
    return 'left'
  }
  return { from, to, fresh: newName(to.name), old: oldName(to.name), carry }
}

function obstacleOf(table: Table, from: Column, to: Column): string | undefined {
  if (table.partitionKey !== null || table.parent !== null)
    return 'the type of a column of partitions or children is not changed online'
  if (from.generated !== '' || to.generated !== '') return 'a generated column cannot be kept by a trigger'
  return undefined
}

/** The catalog as it would be with columns and types renamed: the server rewrites every definition that names them. */
async function renamed(
  session: Ground['goal'],
  byRelation: Map<string, Shadow[]>,
  types: readonly TypeInTransit[],
  passing: (name: string) => string,
): Promise<Catalog> {
  return undone(session, async () => {
    for (const { name } of types)
      await session.query(
        `ALTER TYPE ${quoteDotted(name)} RENAME TO ${quoteIdentifier(passing(bareName(name)))}`,
      )
    for (const [relation, shadows] of byRelation)
      for (const { to } of shadows)
        await session.query(
          alter(
            relation,
            `RENAME COLUMN ${quoteIdentifier(to.name)} TO ${quoteIdentifier(passing(to.name))}`,
          ),
        )
    return readCatalog(session)
  })
}

/** The new columns, the trigger that keeps them, their filling, and everything about them that the goal has. */
export async function planShadows(
  ground: Ground,
  shadows: Shadows,
  changed: readonly TypeInTransit[],
): Promise<void> {
  for (const [relation, columns] of shadows.byRelation) {
    const table = ground.from.tables.find((one) => one.relation === relation)!
    for (const shadow of columns) addShadow(ground, table, shadow, changed)
    await fillShadows(ground, table, columns)
  }
  for (const [relation, columns] of shadows.byRelation)
    for (const shadow of columns) if (shadow.to.notNull) requireShadow(ground, relation, shadow)
  tellParts(ground, shadows)
  for (const fresh of shadows.fresh.tables) buildKeys(ground, shadows, fresh)
  for (const fresh of shadows.fresh.tables) buildRules(ground, shadows, fresh)
}

function addShadow(
  { draft }: Ground,
  { relation }: Table,
  { from, to, fresh, old, carry }: Shadow,
  changed: readonly TypeInTransit[],
): void {
  const add = alter(
    relation,
    `ADD COLUMN ${columnSql({ ...to, name: fresh, type: transitType(to, changed) }, true)}`,
  )
  draft.statement('expand', {
    about: `the new ${to.name}, beside the old one`,
    // A copy of the target's schema, on which this is planned, has no rights: whether there are some is seen when it runs.
    sql: `${add}\n${copyColumnRights(relation, to.name, fresh)}`,
    rollback: alter(relation, `DROP COLUMN ${quoteIdentifier(fresh)}`),
  })
  const [now, later, before] = [to.name, fresh, old].map((name) => `NEW.${quoteIdentifier(name)}`)
  const back = carry.back === null ? `${before} := NULL;` : guarded(before!, carry.back(now!), false)
  draft.sync(relation, {
    before: guarded(later!, carry.to(now!), carry.total),
    // The old column keeps its place: an INSERT that names no columns still writes it.
    after: `IF TG_OP = 'INSERT' AND ${before} IS NOT NULL THEN\n  ${now} := ${carry.to(before!)};\nEND IF;\n${back}`,
  })
  if (carry.back === null)
    draft.notes.push(
      `after the switch ${relation}.${old} no longer gets values: ${from.type} cannot be made from ${to.type}`,
    )
  else if (!carry.asText)
    draft.notes.push(
      `once ${relation}.${to.name} has a value that ${from.type} cannot hold, the switch cannot be undone`,
    )
  draft.notes.push(
    `${relation}.${to.name} becomes the last column: from the contract phase on an INSERT must name its columns`,
  )
}

/** A value that cannot be carried over must not fail a writer: it is left out, and found by the verification. */
function guarded(field: string, expression: string, total: boolean): string {
  const assignment = `${field} := ${expression};`
  if (total) return assignment
  return `BEGIN\n  ${assignment}\nEXCEPTION WHEN OTHERS THEN\n  ${field} := NULL;\nEND;`
}

async function fillShadows(
  { draft, source }: Ground,
  table: Table,
  columns: readonly Shadow[],
): Promise<void> {
  const { relation } = table
  const differ: string[] = []
  const lost: string[] = []
  for (const { from, to, fresh, carry } of columns) {
    const [was, is] = [`t.${quoteIdentifier(to.name)}`, `t.${quoteIdentifier(fresh)}`]
    differ.push(distinct(is, carry.to(was), !carry.asText && (await takes(source, equality(to.type)))))
    if (carry.back !== null)
      lost.push(distinct(was, carry.back(is), !carry.asText && (await takes(source, equality(from.type)))))
  }
  const names = columns.map(({ fresh }) => fresh)
  backfill(draft, table, {
    about: 'rows that no writer touches meanwhile',
    columns: names,
    set: columns
      .map(
        ({ to, fresh, carry }) => `${quoteIdentifier(fresh)} = ${carry.to(`t.${quoteIdentifier(to.name)}`)}`,
      )
      .join(', '),
    where: `(${differ.join(' OR ')})`,
  })
  draft.add(
    'validate',
    {
      kind: 'verify',
      about: 'every row has the same value in both shapes, and it can be taken back',
      relation,
      columns: columns.map(({ to }) => to.name),
      sql: `SELECT count(*)::float8 AS mismatches FROM ${quoteDotted(relation)} AS t WHERE ${[...differ, ...lost].join(' OR ')}`,
    },
    PLACE.first,
  )
}

/** Types without equality (json, point) are compared as they are written. */
function distinct(a: string, b: string, comparable: boolean): string {
  return comparable ? `${a} IS DISTINCT FROM ${b}` : `(${a})::text IS DISTINCT FROM (${b})::text`
}

function equality(type: string): string {
  return `null::${type} = null::${type}`
}

function requireShadow({ draft }: Ground, relation: string, { fresh }: Shadow): void {
  const check = notNullCheck(relation, fresh)
  const steps: [string, string, string | null][] = [
    ['every row has a value', check.add, check.drop],
    ['reads the rows beside the writers', check.validate, null],
    [
      'the validated check spares the reading',
      `${alterColumn(relation, fresh, 'SET NOT NULL')}\n${check.drop}`,
      // The check comes back unvalidated, for the steps before to drop.
      `${alterColumn(relation, fresh, 'DROP NOT NULL')}\n${check.add}`,
    ],
  ]
  for (const [about, sql, rollback] of steps)
    draft.statement('validate', { about, sql, rollback }, PLACE.early)
}

/** What else differs on the columns in transit: it comes and goes with them. */
function tellParts({ draft }: Ground, { parts, old, fresh }: Shadows): void {
  for (const [relation, names] of parts) {
    const has = ({ tables }: Catalog, name: string): boolean => {
      const table = tables.find((one) => one.relation === relation)
      return [...(table?.constraints ?? []), ...(table?.indexes ?? [])].some((one) => one.name === name)
    }
    for (const name of names) {
      if (!has(old, name)) draft.change('add-part', relation, name, `${name} of ${relation} is new`)
      if (!has(fresh, name)) draft.change('drop-part', relation, name, `${name} of ${relation} is dropped`)
    }
  }
}

/** Indexes and keys that the goal has on the columns in transit. */
function buildKeys({ draft }: Ground, shadows: Shadows, fresh: Table): void {
  const { constraints, indexes } = partsOf(shadows, fresh)
  for (const index of indexes) buildIndex(draft, 'validate', fresh, { ...index, name: newName(index.name) })
  for (const key of constraints) {
    if (key.type === 'p')
      buildIndex(draft, 'validate', fresh, { name: newName(key.name), unique: true, tail: key.indexTail! })
    if (key.type === 'u') addConstraintAs(draft, fresh, key, newName(key.name))
    if (key.type === 'x')
      draft.leave(
        `${key.name} on ${fresh.relation}`,
        'an exclusion constraint cannot be built beside writers',
      )
  }
}

/** Checks and foreign keys, when every key that they point to is there. */
function buildRules({ draft }: Ground, shadows: Shadows, fresh: Table): void {
  for (const rule of partsOf(shadows, fresh).constraints)
    if (rule.type === 'c' || rule.type === 'f') addNotValid(draft, fresh.relation, rule, newName(rule.name))
}

/** Names of a table's parts whose definitions are others under the passing names. */
function touched(plain: Table, passing: Table): string[] {
  const was = new Map(
    [...plain.constraints, ...plain.indexes].map((part) => [part.name, JSON.stringify(part)]),
  )
  return [...passing.constraints, ...passing.indexes]
    .filter((part) => was.get(part.name) !== JSON.stringify(part))
    .map(({ name }) => name)
}

/** The parts of a table that go with its columns in transit; a name that means another part afterwards is among them. */
export function partsOf({ parts }: Shadows, table: Table): Pick<Table, 'constraints' | 'indexes'> {
  const names = parts.get(table.relation)
  return {
    constraints: table.constraints.filter(({ name }) => names?.has(name)),
    indexes: table.indexes.filter(({ name }) => names?.has(name)),
  }
}
