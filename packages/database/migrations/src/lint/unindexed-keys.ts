import type { Constraint, Node } from '@pgsql/types'
import { QuoteUtils } from 'pgsql-deparser'
import type { Queryable } from '@esa/database-catalog/sql'
import type { StatementFacts, UnindexedKey } from './facts.ts'

const UNINDEXED = `select c.oid::int8::float8 as oid, quote_ident(n.nspname) || '.' || quote_ident(t.relname) as table,
  (select json_agg(a.attname order by k.nth) from unnest(c.conkey) with ordinality k(attnum, nth)
   join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum) as columns
  from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_namespace n on n.oid = t.relnamespace
  where c.contype = 'f' and c.conparentid = 0 and n.nspname !~ '^pg_' and not exists (select from pg_index i
    where i.indrelid = c.conrelid and i.indpred is null and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)`

/** The foreign keys of a database that no index serves. */
export async function unindexedKeys(database: Queryable): Promise<UnindexedKey[]> {
  const { rows } = await database.query(UNINDEXED)
  return rows.map(({ oid, table, columns }) => ({
    oid: Number(oid),
    table: String(table),
    columns: columns as string[],
  }))
}

/** Facts of statements with the keys among `keys` that each added. */
export function withUnindexed(facts: StatementFacts[], keys: readonly UnindexedKey[]): StatementFacts[] {
  if (keys.length === 0) return facts
  return facts.map((one) => {
    const added = addedKeys(one.statement.node)
    const unindexed = keys.filter(({ table, columns }) =>
      added.some((key) => table.endsWith(`.${key.table}`) && key.columns.join() === columns.join()),
    )
    return unindexed.length === 0 ? one : { ...one, unindexed }
  })
}

/** The foreign keys that a statement writes down: of a column, of a table, or by ALTER TABLE. */
function addedKeys(node: Node): { table: string; columns: string[] }[] {
  const relation =
    'CreateStmt' in node
      ? node.CreateStmt.relation
      : 'AlterTableStmt' in node
        ? node.AlterTableStmt.relation
        : undefined
  const name = relation?.relname
  if (name === undefined) return []
  const keys: string[][] = []
  const walk = (part: unknown, column: string | undefined): void => {
    if (typeof part !== 'object' || part === null) return
    if ('contype' in part && part.contype === 'CONSTR_FOREIGN') {
      const named = ((part as Constraint).fk_attrs ?? []).flatMap((one) =>
        'String' in one ? (one.String.sval ?? '') : [],
      )
      keys.push(named.length > 0 || column === undefined ? named : [column])
    }
    const inside = 'colname' in part ? String(part.colname) : column
    for (const child of Object.values(part)) walk(child, inside)
  }
  walk(node, undefined)
  return keys.map((columns) => ({ table: QuoteUtils.quoteIdentifier(name), columns }))
}
