import { EsaError } from '@esa/protocol'
import { onOneSession, type Queryable } from '@esa/database-catalog/sql'
import { sibling } from '@esa/database-catalog'
import type { Catalog, Column, ObjectKind, Table } from './model/catalog.ts'
import { planColumns } from './columns/columns.ts'
import { madeByCopy, needsCopy, planCopy } from './tables/copy-table.ts'
import { planConstraints } from './objects/constraints.ts'
import { compareCatalogs, type Differences, tellDifferences } from './model/differences.ts'
import { Draft, type Ground } from './model/draft.ts'
import { planExtracts } from './tables/extract-table.ts'
import { type Hints, resolveHints } from './model/hints.ts'
import { planIndexes } from './objects/indexes.ts'
import { planGoneTables, planNewTables } from './tables/new-tables.ts'
import { planObjects } from './objects/objects.ts'
import { type MigrationPlan, type Phase, type PhaseName, PHASES, sealPlan, type Step } from './model/plan.ts'
import { readCatalog } from './model/read-catalog.ts'
import { planRenames, withOldNames } from './objects/renames.ts'
import { findShadows, planShadows, type Shadows } from './columns/shadow-columns.ts'
import { planSwaps } from './columns/shadow-swap.ts'
import { planSplits } from './columns/split-column.ts'
import { planSyncTriggers } from './columns/sync-triggers.ts'
import { planTypes } from './columns/types.ts'
import { walkStep } from './walk-plan.ts'

/** What a phase promises its writers. */
const PROMISES: Record<PhaseName, string> = {
  expand: 'code of before works on; what is new is there beside what is old',
  backfill: 'code of before works on; a writer waits at most for one batch',
  validate: 'code of before works on; rows are read beside it, and what disagrees stops the plan',
  switch: 'code of before and code of after both work; each step locks for an instant',
  contract: 'only code of after works: run it when nothing uses the old shape any more',
}

/**
 * Plans how the schema of `source` becomes that of `goal` while both are written to. Both are rehearsal databases: the plan
 * is walked on `source`, which shows its locks; what then still differs from `goal` is listed as unplanned. What `goal` is
 * silent about, because its language has no words for it, is not dropped.
 * @throws EsaError `usage.hint`, `usage.schema-name` (terminal), the server's error when a catalog cannot be read.
 */
export async function planChanges(
  source: Queryable,
  goal: Queryable,
  hints: Hints = {},
  silentAbout: readonly ObjectKind[] = [],
): Promise<MigrationPlan> {
  return onOneSession(source, (from) =>
    onOneSession(goal, (to) => planOnSessions(from, to, hints, new Set(silentAbout))),
  )
}

async function planOnSessions(
  source: Queryable,
  goal: Queryable,
  hints: Hints,
  silent: ReadonlySet<ObjectKind>,
): Promise<MigrationPlan> {
  const from = await readCatalog(source)
  const read = async (): Promise<Catalog> => keeping(await readCatalog(goal), from, silent)
  const wanted = await read()
  requirePlainSchemas([...from.schemas, ...wanted.schemas])
  const resolved = resolveHints(hints, from)
  await withOldNames(goal, wanted, resolved)
  const draft = new Draft()
  const finalName = (relation: string): string => {
    const now = resolved.tables.find((one) => one.from === relation)?.to
    return now === undefined ? relation : sibling(relation, now)
  }
  const ground = { draft, from, to: await read(), source, goal, hints: resolved, finalName }
  await draftPlan(ground)
  const phases = phasesOf(draft)
  await rehearse(ground, phases, wanted)
  const { changes, unplanned, notes } = draft
  return sealPlan({ changes, phases, unplanned, notes: [...new Set(notes)] })
}

/** Relations are written `schema.relation`, and divided at the first dot. */
function requirePlainSchemas(names: readonly string[]): void {
  const dotted = names.find((name) => name.includes('.'))
  if (dotted === undefined) return
  throw new EsaError('usage.schema-name', 'terminal', `the schema "${dotted}" has a dot in its name`, {
    hint: 'plan without that schema: a name with a dot looks like two',
  })
}

/** What the goal cannot say stays as it is. */
function keeping(goal: Catalog, from: Catalog, silent: ReadonlySet<ObjectKind>): Catalog {
  const told = new Set(goal.objects.map(({ kind, name }) => `${kind} ${name}`))
  const kept = from.objects.filter(({ kind, name }) => silent.has(kind) && !told.has(`${kind} ${name}`))
  return { ...goal, objects: [...goal.objects, ...kept] }
}

async function draftPlan(ground: Ground): Promise<void> {
  const found = compareCatalogs(ground.from, ground.to)
  // First, so that in the contract phase the old names go before anything else.
  await planRenames(ground)
  const types = planTypes(ground, found)
  const shadows = await findShadows(ground, types)
  const elsewhere =
    (relation: string) =>
    (name: string): boolean =>
      shadows.parts.get(relation)?.has(name) ?? false
  const copied = found.tables.filter(needsCopy)
  const altered = found.tables.filter((table) => !needsCopy(table))
  const made = madeByCopy(ground, copied)
  planNewTables(
    ground,
    found.newTables.filter(({ relation }) => !made.has(relation)).map((table) => passing(shadows, table)),
    elsewhere,
  )
  for (const table of copied) await planCopy(ground, table)
  for (const table of altered) {
    leaveSettings(ground, table)
    await planColumns(ground, withPassing(shadows, table), columnsInTransit(shadows))
    planSplits(ground, table)
  }
  planExtracts(ground)
  await planShadows(ground, shadows, types)
  for (const table of altered) planIndexes(ground, table, elsewhere(table.from.relation))
  for (const table of altered) planConstraints(ground, table, elsewhere(table.from.relation))
  planSyncTriggers(ground)
  await planSwaps(ground, shadows, types)
  planObjects(ground, found)
  planGoneTables(ground, found.goneTables)
  noteTriggers(ground)
  await noteSubscribers(ground)
}

/** A trigger that is switched on, for UPDATE. */
const FIRES = / UPDATE\b(?!.* (DISABLE|ENABLE REPLICA) TRIGGER )/s

/** A filling is an update to the table's own triggers: what they stamp or log, they do for every row. */
function noteTriggers({ draft, from }: Ground): void {
  for (const relation of draft.filled)
    for (const { kind, name, definition } of from.objects)
      if (kind === 'trigger' && name.startsWith(`${relation}.`) && FIRES.test(definition))
        draft.notes.push(`the trigger ${name} fires for each row that is filled: ${definition}`)
}

/** Changes that give a table columns or names which its subscribers do not know. */
const SEEN_BY_SUBSCRIBERS = new Set(['add-column', 'change-type', 'rename-column', 'rename-table'])

/** Rows that have a column, or come from a table, that a subscriber does not have stop its replication. */
async function noteSubscribers({ draft, source }: Ground): Promise<void> {
  const { rows } = await source.query(
    `select schemaname || '.' || tablename as relation, string_agg(distinct pubname, ', ' order by pubname) as publications
     from pg_publication_tables group by 1 order by 1`,
  )
  for (const { relation, publications } of rows as { relation: string; publications: string }[])
    if (draft.changes.some((one) => one.relation === relation && SEEN_BY_SUBSCRIBERS.has(one.kind)))
      draft.notes.push(
        `${relation} is published by ${publications}: its subscribers must know each new column and name before it is made here, or they no longer get rows`,
      )
}

function leaveSettings({ draft }: Ground, table: Differences['tables'][number]): void {
  const { from, to } = table
  if (table.partitioning)
    draft.leave(
      `partitioning of ${from.relation}`,
      `from ${from.partitionKey ?? from.bound ?? 'none'} to ${to.partitionKey ?? to.bound ?? 'none'} no plan is known`,
    )
  if (table.settings)
    draft.leave(
      `settings of ${from.relation}`,
      'storage parameters and row security are compared, not planned',
      'ALTER TABLE ... SET (...) or ENABLE ROW LEVEL SECURITY with a short lock_timeout: both change a definition only',
    )
}

function columnsInTransit({ byRelation, left }: Shadows): Set<string> {
  const shadowed = [...byRelation].flatMap(([relation, columns]) =>
    columns.map(({ to }) => `${relation}.${to.name}`),
  )
  return new Set([...left, ...shadowed])
}

/** New tables and columns are made with the types that are in transit, by their passing names. */
function passing({ fresh }: Shadows, table: Table): Table {
  return fresh.tables.find(({ relation }) => relation === table.relation) ?? table
}

function withPassing(shadows: Shadows, table: Differences['tables'][number]): Differences['tables'][number] {
  const { columns } = passing(shadows, table.to)
  const fresh = (name: string): Column | undefined => columns.find((column) => column.name === name)
  return {
    ...table,
    columns: table.columns.map((pair) =>
      pair.from === undefined && pair.to ? { to: fresh(pair.to.name) ?? pair.to } : pair,
    ),
  }
}

/** Steps get their ids by their places. */
function phasesOf(draft: Draft): Phase[] {
  return PHASES.flatMap((name) => {
    const steps = draft.steps(name).map((step, n): Step => ({ id: `${name}-${n + 1}`, locks: [], ...step }))
    const destructive = steps.some((step) => step.kind === 'statement' && step.destructive)
    return steps.length === 0 ? [] : [{ name, promise: PROMISES[name], destructive, steps }]
  })
}

/** Walks the plan on the source: locks are those that the server took, and the end must be what was wanted. */
async function rehearse({ draft, source }: Ground, phases: Phase[], wanted: Catalog): Promise<void> {
  for (const { steps } of phases)
    for (const step of steps)
      try {
        step.locks = await walkStep(source, step)
      } catch (error) {
        draft.leave(
          `${step.id} (${step.about})`,
          `it fails on the rehearsal database: ${(error as Error).message}`,
        )
        return
      }
  for (const line of tellDifferences(compareCatalogs(await readCatalog(source), wanted)))
    draft.leave(line, 'after the whole plan this still differs')
}
