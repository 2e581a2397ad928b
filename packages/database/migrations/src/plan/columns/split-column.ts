import { quoteIdentifier } from '@esa/database-catalog/sql'
import { quoteDotted } from '@esa/database-catalog'
import { backfill } from './backfill.ts'
import type { TableDifference } from '../model/differences.ts'
import { type Ground, PLACE } from '../model/draft.ts'
import { assigned, proveNotNull } from './not-null.ts'
import { bothWays } from './sync-triggers.ts'

/** A column whose content moves to new ones beside it: both are written and read until the contract phase. */
export function planSplits(ground: Ground, table: TableDifference): void {
  const { draft, hints } = ground
  const { relation } = table.from
  for (const [place, { into, back }] of hints.split) {
    const old = place.slice(relation.length + 1)
    if (!place.startsWith(`${relation}.`) || !table.from.columns.some(({ name }) => name === old)) continue
    const fresh = Object.keys(into)
    const missing = fresh.filter((name) => !table.columns.some(({ from, to }) => !from && to!.name === name))
    if (missing.length > 0) {
      draft.leave(`split of ${place}`, `the new schema has no new column ${missing.join(', ')}`)
      continue
    }
    draft.change('split-column', relation, old, `${place} becomes ${fresh.join(', ')}`)
    const quoted = quoteIdentifier(old)
    draft.sync(
      relation,
      bothWays({
        old: [old],
        fresh,
        agrees: fresh
          .map((name) => `NEW.${quoteIdentifier(name)} IS NOT DISTINCT FROM ${over(into[name]!)}`)
          .join(' AND '),
        forward: fresh.map((name) => assigned(quoteIdentifier(name), into[name]!)).join('\n'),
        back: back === undefined ? 'NULL;' : assigned(quoted, back),
      }),
    )
    const empty = fresh.map((name) => `t.${quoteIdentifier(name)} IS NULL`).join(' AND ')
    const lost =
      back === undefined ? `${empty} AND t.${quoted} IS NOT NULL` : `t.${quoted} IS DISTINCT FROM (${back})`
    backfill(draft, table.from, {
      about: 'rows that no writer touches meanwhile',
      columns: fresh,
      set: fresh.map((name) => `${quoteIdentifier(name)} = (${into[name]})`).join(', '),
      where: lost,
    })
    draft.add(
      'validate',
      {
        kind: 'verify',
        about: `${old} can be put together from ${fresh.join(', ')}`,
        relation,
        columns: [old, ...fresh],
        sql: `SELECT count(*)::float8 AS mismatches FROM ${quoteDotted(relation)} AS t WHERE ${lost}`,
      },
      PLACE.first,
    )
    for (const { to } of table.columns)
      if (to && fresh.includes(to.name) && to.notNull) proveNotNull(ground, relation, to.name)
  }
}

/** An expression over the columns of the row that is being written. */
function over(expression: string): string {
  return `(SELECT (${expression}) FROM (SELECT NEW.*) AS t)`
}
