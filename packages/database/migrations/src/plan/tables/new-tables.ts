import { quoteIdentifier } from '@esa/database-catalog/sql'
import { quoteDotted } from '@esa/database-catalog'
import type { Table } from '../model/catalog.ts'
import { alter, columnSql } from '../objects/column-sql.ts'
import { type Ground, PLACE } from '../model/draft.ts'

/** How a table is called and what its parts are called when it is not made under its own names. */
export interface CreateAs {
  relation: string
  /** The name of a constraint or index. */
  part: (name: string) => string
}

/** The statements that make a table with everything on it but its foreign keys. */
export function createTable(
  table: Table,
  as: CreateAs = { relation: table.relation, part: (name) => name },
): string {
  const { columns, partitionKey, parent, bound, unlogged, options } = table
  const head = `CREATE ${unlogged ? 'UNLOGGED ' : ''}TABLE ${quoteDotted(as.relation)}`
  const by = `${partitionKey === null ? '' : ` PARTITION BY ${partitionKey}`}${options === null ? '' : ` WITH (${options})`}`
  const own = table.constraints.filter(({ type }) => type !== 'f')
  const made =
    bound !== null && parent !== null
      ? `${head} PARTITION OF ${quoteDotted(parent)} ${bound}${by};`
      : `${head} (\n${columns.map((column) => `  ${columnSql(column)}`).join(',\n')}\n)${by};`
  return [
    made,
    ...own.map(({ name, definition, validated }) =>
      alter(
        as.relation,
        `ADD CONSTRAINT ${quoteIdentifier(as.part(name))} ${definition}${validated ? '' : ' NOT VALID'}`,
      ),
    ),
    ...table.indexes.map(
      ({ name, unique, tail }) =>
        `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${quoteIdentifier(as.part(name))} ${onTable(tail, as.relation)};`,
    ),
  ].join('\n')
}

/** An index's definition on another table, and on all its partitions: `ON [ONLY] schema.table USING ...`. */
function onTable(tail: string, relation: string): string {
  return `ON ${quoteDotted(relation)}${tail.slice(tail.indexOf(' USING '))}`
}

/** New tables: made before anything uses them. Foreign keys that point to columns in transit come with those. */
export function planNewTables(
  ground: Ground,
  tables: readonly Table[],
  elsewhere: (relation: string) => (name: string) => boolean,
): void {
  const { draft } = ground
  for (const table of parentsFirst(tables)) {
    draft.change('add-table', table.relation, undefined, `table ${table.relation} is new`)
    draft.statement(
      'expand',
      {
        about: 'not in use yet',
        sql: createTable(table),
        rollback: `DROP TABLE ${quoteDotted(table.relation)};`,
      },
      PLACE.early,
    )
  }
  for (const table of tables)
    for (const { name, type, definition } of table.constraints) {
      if (type !== 'f' || elsewhere(table.relation)(name)) continue
      draft.statement('expand', {
        about: 'the table is empty: nothing is read; the other table is locked for an instant',
        sql: alter(table.relation, `ADD CONSTRAINT ${quoteIdentifier(name)} ${definition}`),
        rollback: alter(table.relation, `DROP CONSTRAINT ${quoteIdentifier(name)}`),
      })
    }
}

/** Tables that are gone: the last to go, those that point to others first. */
export function planGoneTables({ draft, finalName }: Ground, tables: readonly Table[]): void {
  for (const table of parentsFirst(tables).toReversed()) {
    draft.change('drop-table', table.relation, undefined, `table ${table.relation} is dropped`)
    for (const { name, type } of table.constraints)
      if (type === 'f')
        draft.statement('contract', {
          about: 'the other table is free of it',
          sql: alter(finalName(table.relation), `DROP CONSTRAINT IF EXISTS ${quoteIdentifier(name)}`),
          rollback: null,
        })
    draft.statement(
      'contract',
      {
        about: `${table.relation} is gone with its rows: code must no longer read it`,
        sql: `DROP TABLE ${quoteDotted(finalName(table.relation))};`,
        rollback: null,
        destructive: true,
      },
      PLACE.late,
    )
  }
}

function parentsFirst(tables: readonly Table[]): Table[] {
  const depth = ({ parent }: Table): number => {
    const above = tables.find(({ relation }) => relation === parent)
    return above === undefined ? 0 : 1 + depth(above)
  }
  return tables.toSorted((a, b) => depth(a) - depth(b))
}
