import { quoteIdentifier } from '@esa/database-catalog/sql'
import { bareName, nameWith, newName, oldName, quoteDotted, sibling } from '@esa/database-catalog'
import { copyRows } from '../columns/backfill.ts'
import type { Table } from '../model/catalog.ts'
import { alter } from '../objects/column-sql.ts'
import { renaming } from '../objects/constraints.ts'
import type { TableDifference } from '../model/differences.ts'
import { type Ground, PLACE } from '../model/draft.ts'
import { generationsOf, handOver } from '../columns/generation.ts'
import { createTable } from './new-tables.ts'
import { copyRights } from '../objects/rights.ts'
import { Swap } from '../columns/swap.ts'
import { type Besides, besidesOfCopy, commentSql, readBesides } from '../objects/table-besides.ts'
import { takes } from '../model/trial.ts'
import { dependentViews } from '../objects/views.ts'

const TRIGGER = 'zzz_esa_mirror'

/** True for what no ALTER TABLE does beside writers: partitioning a table, or an exclusion constraint on it. */
export function needsCopy({ from, to, constraints }: TableDifference): boolean {
  const excludes = constraints.some((pair) => pair.from === undefined && pair.to?.type === 'x')
  return (from.partitionKey === null && to.partitionKey !== null) || excludes
}

/** Tables that a copy makes besides its own: the partitions of the new form. */
export function madeByCopy(ground: Ground, tables: readonly TableDifference[]): Set<string> {
  const copied = new Set(tables.filter(needsCopy).map(({ from }) => from.relation))
  return new Set(
    ground.to.tables
      .filter(({ parent }) => parent !== null && copied.has(parent))
      .map(({ relation }) => relation),
  )
}

/**
 * A second table of the new form, kept equal by triggers and filled in batches; at the switch both change names, and the old
 * one is kept equal to the contract phase.
 */
export async function planCopy(ground: Ground, table: TableDifference): Promise<void> {
  const { draft } = ground
  const { from, to } = table
  const besides = await readBesides(ground.source, from.relation)
  const obstacle = obstacleOf(ground, table, besides)
  const what =
    to.partitionKey === null
      ? `${from.relation} gets an exclusion constraint, which no server builds beside writers`
      : `${from.relation} is partitioned by ${to.partitionKey}`
  draft.change(to.partitionKey === null ? 'add-exclusion' : 'partition-table', from.relation, undefined, what)
  if (obstacle !== undefined)
    return draft.leave(what, obstacle.why, obstacle.safest ?? 'copy it by hand in a quiet hour')
  const copy = sibling(from.relation, newName(from.name))
  planCopyTable(ground, from, to, { copy, besides })
  const columns = to.columns.map(({ name }) => quoteIdentifier(name))
  copyRows(
    draft,
    from,
    `the rows of ${from.relation}, each locked while it is copied`,
    `INSERT INTO ${quoteDotted(copy)} (${columns.join(', ')}) OVERRIDING SYSTEM VALUE SELECT ${columns.join(', ')} FROM (SELECT * FROM ${quoteDotted(from.relation)} AS t WHERE $RANGE FOR SHARE) AS esa_rows ON CONFLICT DO NOTHING`,
    to.columns.map(({ name }) => `${copy}.${name}`),
  )
  await verifyCopy(ground, from, to, copy)
  await planExchange(ground, from, to, { copy, besides })
  draft.statement(
    'contract',
    {
      about: `the old form of ${from.relation} is gone: the switch cannot be undone any more`,
      sql: `${dropMirror(from.relation, from)}\nDROP TABLE ${quoteDotted(sibling(from.relation, oldName(from.name)))};`,
      rollback: null,
      destructive: true,
    },
    PLACE.late,
  )
  const parts = ground.to.tables.filter(({ parent }) => parent === from.relation)
  if (to.partitionKey !== null && parts.every(({ bound }) => bound !== 'DEFAULT'))
    draft.notes.push(
      `${from.relation} has no default partition: from the expand phase on a row that no partition takes fails`,
    )
  if (to.partitionKey === null)
    draft.notes.push(
      `rows that exclude each other stop the filling of ${copy}, and from the expand phase on a write that breaks the new rule fails: PostgreSQL knows no exclusion that is not yet valid`,
    )
}

/** Why a table is not copied, and what else can be done. */
interface Obstacle {
  why: string
  safest?: string
}

function obstacleOf(
  { from: source, to: goal, hints }: Ground,
  { from, to, columns }: TableDifference,
  besides: Besides,
): Obstacle | undefined {
  const { relation } = from
  const keyless = [from, to].find(({ constraints }) => constraints.every(({ type }) => type !== 'p'))
  if (keyless)
    return {
      why: `without a primary key in the ${keyless === to ? 'new' : 'old'} form no row can be found again`,
    }
  const hasPolicy = source.objects.some(
    ({ kind, name }) => kind === 'policy' && name.startsWith(`${relation}.`),
  )
  if (from.rowSecurity || to.rowSecurity || hasPolicy) return { why: 'its policies would have to follow' }
  if (columns.some((pair) => !pair.from || !pair.to || pair.from.type !== pair.to.type))
    return { why: 'its columns change too: plan that first, by itself' }
  const pointing = [...source.tables, ...goal.tables].find((other) =>
    other.constraints.some(({ references }) => references === relation && other.relation !== relation),
  )
  if (pointing)
    return { why: `${pointing.relation} points to it by a foreign key, which would have to follow` }
  const renamed = [...hints.tables.map((one) => one.from), ...hints.columns.map((one) => one.relation)]
  if (renamed.includes(relation)) return { why: 'its names change too: plan that first, by itself' }
  return replicated(relation, besides)
}

/** Subscribers know the table that is there, and nothing of the one that takes its name. */
function replicated(relation: string, { publications, replicaIdentity }: Besides): Obstacle | undefined {
  const [first] = publications
  if (first !== undefined)
    return {
      why: `${publications.join(', ')} would go on with the old form, which goes: its subscribers would no longer get rows`,
      safest: `take it out before the plan (ALTER PUBLICATION ${first} DROP TABLE ${relation}; one of all tables or of a schema first names its tables), put it in after the contract phase, and have subscribers copy its rows again`,
    }
  if (replicaIdentity === 'i')
    return {
      why: 'an index of it is its replica identity, which partitions do not take over',
      safest: `ALTER TABLE ${relation} REPLICA IDENTITY DEFAULT before the plan, and USING INDEX again after it, on each partition`,
    }
  return undefined
}

/** A copy under its passing name, and what it must have besides its form. */
interface Copy {
  copy: string
  besides: Besides
}

function planCopyTable({ draft, to: goal }: Ground, from: Table, to: Table, { copy, besides }: Copy): void {
  const { relation } = from
  const partitions = goal.tables.filter(({ parent }) => parent === relation)
  const made = [
    createTable(to, { relation: copy, part: newName }),
    ...partitions.map((part) => createTable({ ...part, parent: copy })),
    ...to.constraints
      .filter(({ type }) => type === 'f')
      .map(({ name, definition }) =>
        alter(copy, `ADD CONSTRAINT ${quoteIdentifier(newName(name))} ${definition}`),
      ),
    ...besidesOfCopy(besides, to, copy, partitions),
    ...[...partitions.map((part) => part.relation), copy].map((table) => copyRights(relation, table)),
  ]
  draft.statement('expand', {
    about: 'the new form, empty, beside the table',
    sql: made.join('\n'),
    rollback: `DROP TABLE ${quoteDotted(copy)};`,
  })
  draft.statement(
    'expand',
    {
      about: 'what is written to the table is written to its new form, in the same transaction',
      sql: mirror(relation, copy, to),
      rollback: dropMirror(relation, from),
    },
    PLACE.late,
  )
  if (
    to.partitionKey !== null &&
    from.options !== null &&
    partitions.every(({ options }) => options === null)
  )
    draft.notes.push(
      `${relation} has storage parameters (${from.options}), its partitions have none: a partitioned table takes none, so they must be said of each partition`,
    )
  if (besides.statistics.length > 0)
    draft.notes.push(
      `${besides.statistics.join(', ')} begin empty at the switch: ANALYZE ${relation} afterwards`,
    )
}

/** As the owner: who may write the table need not know of the other. Rows are found by the other's key; one that changes moves the row. */
function mirror(relation: string, other: string, form: Table): string {
  const name = quoteDotted(sibling(relation, nameWith(bareName(relation), '_esa_mirror')))
  const keys = form.constraints.find(({ type }) => type === 'p')!.columns.map(quoteIdentifier)
  const columns = form.columns.map((column) => quoteIdentifier(column.name))
  const row = (which: string, list: string[]): string => list.map((column) => `${which}.${column}`).join(', ')
  const at = keys.map((key) => `o.${key} = OLD.${key}`).join(' AND ')
  const rest = columns.filter((column) => !keys.includes(column))
  const update =
    rest.length === 0 ? 'NOTHING' : `UPDATE SET ${rest.map((one) => `${one} = excluded.${one}`).join(', ')}`
  return `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $esa$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    TRUNCATE ${quoteDotted(other)};
    RETURN NULL;
  END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND (${row('NEW', keys)}) IS DISTINCT FROM (${row('OLD', keys)})) THEN
    DELETE FROM ${quoteDotted(other)} AS o WHERE ${at};
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO ${quoteDotted(other)} (${columns.join(', ')}) OVERRIDING SYSTEM VALUE VALUES (${row('NEW', columns)})
      ON CONFLICT (${keys.join(', ')}) DO ${update};
  END IF;
  RETURN NULL;
END $esa$;
CREATE TRIGGER ${TRIGGER} AFTER INSERT OR UPDATE OR DELETE ON ${quoteDotted(relation)} FOR EACH ROW EXECUTE FUNCTION ${name}();
CREATE TRIGGER ${TRIGGER}_all AFTER TRUNCATE ON ${quoteDotted(relation)} EXECUTE FUNCTION ${name}();`
}

function dropMirror(relation: string, from: Table): string {
  const name = quoteDotted(sibling(relation, nameWith(from.name, '_esa_mirror')))
  return `DROP TRIGGER ${TRIGGER} ON ${quoteDotted(relation)};\nDROP TRIGGER ${TRIGGER}_all ON ${quoteDotted(relation)};\nDROP FUNCTION ${name}();`
}

async function verifyCopy({ draft, source }: Ground, from: Table, to: Table, copy: string): Promise<void> {
  const key = to.constraints.find(({ type }) => type === 'p')!.columns.map(quoteIdentifier)
  const differ: string[] = []
  for (const { name, type } of to.columns) {
    const [a, b] = [`a.${quoteIdentifier(name)}`, `b.${quoteIdentifier(name)}`]
    const comparable = await takes(source, `null::${type} = null::${type}`)
    differ.push(comparable ? `${a} IS DISTINCT FROM ${b}` : `${a}::text IS DISTINCT FROM ${b}::text`)
  }
  draft.add(
    'validate',
    {
      kind: 'verify',
      about: 'every row is in both forms, and the same',
      relation: from.relation,
      columns: to.columns.map(({ name }) => name),
      sql: `SELECT count(*)::float8 AS mismatches FROM ${quoteDotted(from.relation)} AS a FULL JOIN ${quoteDotted(copy)} AS b ON ${key.map((one) => `a.${one} = b.${one}`).join(' AND ')} WHERE ${differ.join(' OR ')}`,
    },
    PLACE.first,
  )
}

async function planExchange(ground: Ground, from: Table, to: Table, { copy, besides }: Copy): Promise<void> {
  const { draft } = ground
  const { relation } = from
  const old = sibling(relation, oldName(from.name))
  const swap = new Swap([relation, copy], [relation, old])
  const views = await dependentViews(ground, relation)
  for (const view of views.toReversed()) swap.step(view.drop, view.from)
  swap.step(dropMirror(relation, from), mirror(relation, copy, to))
  // They go over to the new form: the old one gets its rows as they have become.
  const moving = movingWith(ground, relation, besides)
  for (const { drop, made } of moving) swap.step(drop, made)
  renameParts(swap, relation, from, (name) => name, oldName)
  renameParts(swap, copy, to, newName, (name) => name)
  const rename = (a: string, b: string): void =>
    swap.step(
      alter(a, `RENAME TO ${quoteIdentifier(bareName(b))}`),
      alter(b, `RENAME TO ${quoteIdentifier(bareName(a))}`),
    )
  rename(relation, old)
  rename(copy, relation)
  handOverSequences(ground, swap, from, to, old)
  swap.step(mirror(relation, old, from), dropMirror(relation, from))
  for (const { drop, made } of moving) swap.step(made, drop)
  for (const view of views) swap.step(view.to, view.drop)
  draft.statement('switch', {
    about: `the new form takes the name ${relation}; only definitions change, and the old form follows`,
    sql: swap.sql,
    rollback: swap.rollback,
  })
}

/** Names of indexes belong to the schema: those of the old form step aside. */
function renameParts(
  swap: Swap,
  relation: string,
  { constraints, indexes }: Table,
  is: (name: string) => string,
  becomes: (name: string) => string,
): void {
  for (const { name } of constraints)
    swap.step(renaming(relation, is(name), becomes(name)), renaming(relation, becomes(name), is(name)))
  for (const { name } of indexes) {
    const rename = (a: string, b: string): string =>
      `ALTER INDEX ${quoteDotted(sibling(relation, a))} RENAME TO ${quoteIdentifier(b)};`
    swap.step(rename(is(name), becomes(name)), rename(becomes(name), is(name)))
  }
}

/** Sequences go on from where they are, and belong to the table that has the name. */
function handOverSequences(
  { from: source, to: goal }: Ground,
  swap: Swap,
  from: Table,
  to: Table,
  old: string,
): void {
  const { relation } = from
  for (const { name, ownedBy } of goal.sequences) {
    const column = to.columns.find((one) => ownedBy === `${relation}.${one.name}`)
    if (column === undefined) continue
    const own = (table: string): string =>
      `ALTER SEQUENCE ${quoteDotted(name)} OWNED BY ${quoteDotted(table)}.${quoteIdentifier(column.name)};`
    swap.step(own(relation), own(old))
  }
  for (const column of to.columns) {
    if (column.counting === null) continue
    const was = from.columns.find(({ name }) => name === column.name)!
    const change = generationsOf(source, goal, relation, { from: was, to: column })
    const back = { from: change.to, to: change.from }
    swap.step(handOver(old, relation, column.name, change), handOver(relation, old, column.name, back))
  }
}

/** Triggers and extended statistics of the table's own, with their comments; what differs of them is planned as such. */
function movingWith({ from }: Ground, relation: string, { comments, statistics }: Besides) {
  const own = from.objects.filter(
    ({ kind, name }) =>
      (kind === 'trigger' && name.startsWith(`${relation}.`)) ||
      (kind === 'statistics' && statistics.includes(name)),
  )
  return own.map(({ name, definition, drop }) => {
    const comment = comments.find((one) => one.on === 'trigger' && `${relation}.${one.name}` === name)
    return { drop, made: comment ? `${definition}\n${commentSql(comment, relation)}` : definition }
  })
}
