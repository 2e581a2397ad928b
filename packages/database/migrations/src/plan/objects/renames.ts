import { quoteIdentifier, type Queryable } from '@esa/database-catalog/sql'
import { bareName, nameWith, quoteDotted, sibling } from '@esa/database-catalog'
import type { Catalog, Table } from '../model/catalog.ts'
import { alter } from './column-sql.ts'
import { type Ground, PLACE } from '../model/draft.ts'
import type { ResolvedHints } from '../model/hints.ts'
import { actAsOwnerIfByColumn, copyRights } from './rights.ts'

/** From this version on a view may act with the rights of who uses it. */
const INVOKER_VIEWS_SINCE = 150_000

/** Gives the goal the old names: both catalogs can then be compared, and everything before the switch is written by them. */
export async function withOldNames(
  goal: Queryable,
  wanted: Catalog,
  { tables, columns }: ResolvedHints,
): Promise<void> {
  const isThere = (relation: string): boolean => wanted.tables.some((table) => table.relation === relation)
  for (const { from, to } of tables)
    if (isThere(sibling(from, to)))
      await goal.query(alter(sibling(from, to), `RENAME TO ${quoteIdentifier(bareName(from))}`))
  for (const { relation, from, to } of columns) {
    const now = tables.find((one) => one.from === relation)
    const table = wanted.tables.find((one) => one.relation === (now ? sibling(relation, now.to) : relation))
    if (table?.columns.some(({ name }) => name === to))
      await goal.query(alter(relation, `RENAME COLUMN ${quoteIdentifier(to)} TO ${quoteIdentifier(from)}`))
  }
}

/**
 * Names change last at the switch, in one instant, and a view keeps the old ones alive until the contract phase: it can be
 * read and written like the table, except by COPY FROM, TRUNCATE and DDL.
 */
export async function planRenames(ground: Ground): Promise<void> {
  const { hints, source } = ground
  const { rows } = await source.query(`select current_setting('server_version_num')::int as version`)
  const relations = new Set([
    ...hints.tables.map(({ from }) => from),
    ...hints.columns.map(({ relation }) => relation),
  ])
  for (const relation of relations) planRename(ground, relation, Number(rows[0]?.['version']))
}

function planRename({ draft, from, to, hints }: Ground, relation: string, version: number): void {
  const columns = hints.columns.filter((one) => one.relation === relation)
  const renamed = hints.tables.find((one) => one.from === relation)
  const table = to.tables.find((one) => one.relation === relation)
  const missing = columns.filter((one) => !table?.columns.some(({ name }) => name === one.from))
  if (!table || missing.length > 0) {
    return draft.leave(
      `rename in ${relation}`,
      `the new schema has no ${missing.map((one) => one.to).join(', ') || renamed?.to}`,
    )
  }
  if (renamed) draft.change('rename-table', relation, renamed.to, `${relation} is called ${renamed.to}`)
  for (const one of columns)
    draft.change('rename-column', relation, one.from, `${relation}.${one.from} is called ${one.to}`)
  // The view takes the old name: without a new one the table steps aside.
  const base = sibling(relation, renamed?.to ?? nameWith(bareName(relation), '_esa_base'))
  const view = viewOver(
    base,
    relation,
    from.tables.find((one) => one.relation === relation)!,
    table,
    columns,
    version,
  )
  const drop = `DROP VIEW ${quoteDotted(relation)};`
  const [away, back] = [
    alter(relation, `RENAME TO ${quoteIdentifier(bareName(base))}`),
    alter(base, `RENAME TO ${quoteIdentifier(bareName(relation))}`),
  ]
  const change = (old: string, now: string): string =>
    alter(base, `RENAME COLUMN ${quoteIdentifier(old)} TO ${quoteIdentifier(now)}`)
  draft.statement(
    'switch',
    {
      about: 'old and new names work for reading and writing: the old ones through a view',
      sql: [away, ...columns.map((one) => change(one.from, one.to)), view].join('\n'),
      rollback: [drop, ...columns.map((one) => change(one.to, one.from)), back].join('\n'),
    },
    PLACE.last,
  )
  draft.statement(
    'contract',
    {
      about: 'the old names are gone: code must no longer use them',
      sql: renamed ? drop : `${drop}\n${back}`,
      rollback: renamed ? view : `${away}\n${view}`,
    },
    PLACE.first,
  )
  if (table.rowSecurity)
    draft.notes.push(
      `${relation} has policies: from the switch to the contract phase who has rights on some of its columns only cannot use the old names`,
    )
  draft.notes.push(
    `from the switch to the contract phase ${relation} is a view: INSERT, UPDATE, DELETE, ON CONFLICT and RETURNING work through it, COPY FROM, TRUNCATE and DDL do not`,
  )
}

/** The old columns by their old names, then what is new. Who could use the table can use the view. */
function viewOver(
  base: string,
  relation: string,
  from: Table,
  to: Table,
  columns: readonly { from: string; to: string }[],
  version: number,
): string {
  const now = new Map(columns.map((one) => [one.from, one.to]))
  const shown = (name: string): string =>
    now.has(name) ? `${quoteIdentifier(now.get(name)!)} AS ${quoteIdentifier(name)}` : quoteIdentifier(name)
  const known = new Set(from.columns.map(({ name }) => name))
  const list = [
    ...from.columns.map(({ name }) => shown(name)),
    ...to.columns.filter(({ name }) => !known.has(name)).map(({ name }) => quoteIdentifier(name)),
    ...columns.map((one) => quoteIdentifier(one.to)),
  ]
  const invoker = version >= INVOKER_VIEWS_SINCE
  const shownAs = columns.map((one) => ({ column: one.to, as: one.from }))
  return [
    `CREATE VIEW ${quoteDotted(relation)}${invoker ? ' WITH (security_invoker = true)' : ''} AS SELECT ${list.join(', ')} FROM ${quoteDotted(base)};`,
    copyRights(base, relation, shownAs),
    // With policies it must be the user who reads, whatever it costs.
    ...(invoker && !from.rowSecurity ? [actAsOwnerIfByColumn(base, relation)] : []),
  ].join('\n')
}
