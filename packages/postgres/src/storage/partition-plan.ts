import { quoteIdentifier } from '../identifiers.ts'
import { sqlName } from '../schema/fix-text.ts'
import type { Column, Index, Table } from '../schema/read-catalog.ts'

/** Partitions that are made ahead. */
const AHEAD = 3

/**
 * A conversion under which readers and writers wait for a moment only: the table as it is becomes the first partition,
 * by a check that was validated beforehand, and new rows go to new partitions. `newest` is the latest day of the data.
 */
export function conversionPlan(
  table: Table,
  key: Column,
  interval: string,
  newest: string,
  referencedBy: readonly string[],
): string {
  const name = quoteIdentifier(key.name)
  const old = sqlName({ schema: table.schema, name: `${table.name}_before` })
  const partitioned = sqlName({ schema: table.schema, name: `${table.name}_by_time` })
  const check = quoteIdentifier(`${table.name}_before_check`)
  const starts = bounds(newest, interval)
  const [cut] = starts
  const primary = table.keys.find((one) => one.primary)
  const columns = primary === undefined ? [] : [...new Set([...primary.columns, key.name])]
  const uniques = table.keys.filter((one) => !one.primary && !one.columns.includes(key.name))
  const list = columns.map(quoteIdentifier).join(', ')
  const [plain, special] = otherIndexes(table)
  return [
    ...(referencedBy.length === 0
      ? []
      : [
          `-- first: ${referencedBy.join(', ')} reference it by a key without ${key.name}; drop these foreign keys or give them the column`,
        ]),
    ...uniques.map(
      ({ name: unique }) => `-- first: ${unique} cannot be unique over all partitions without ${key.name}`,
    ),
    `-- 1 expand; nobody waits`,
    ...(key.notNull
      ? []
      : [
          `ALTER TABLE ${sqlName(table)} ADD CONSTRAINT ${quoteIdentifier(`${table.name}_${key.name}_not_null`)} CHECK (${name} IS NOT NULL) NOT VALID;`,
          `ALTER TABLE ${sqlName(table)} VALIDATE CONSTRAINT ${quoteIdentifier(`${table.name}_${key.name}_not_null`)};`,
          `ALTER TABLE ${sqlName(table)} ALTER COLUMN ${name} SET NOT NULL;`,
        ]),
    ...(columns.length === 0
      ? []
      : [
          `CREATE UNIQUE INDEX CONCURRENTLY ${quoteIdentifier(`${table.name}_before_key`)} ON ${sqlName(table)} (${list});`,
        ]),
    `CREATE TABLE ${partitioned} (LIKE ${sqlName(table)} INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMMENTS) PARTITION BY RANGE (${name});`,
    ...(columns.length === 0 ? [] : [`ALTER TABLE ${partitioned} ADD PRIMARY KEY (${list});`]),
    ...plain.map(
      ({ method, columns: names }) =>
        `CREATE INDEX ON ${partitioned} USING ${method} (${names.map((column) => quoteIdentifier(column!)).join(', ')});`,
    ),
    ...table.foreignKeys.map(
      ({ columns: from, references, referencedColumns }) =>
        `ALTER TABLE ${partitioned} ADD FOREIGN KEY (${from.map(quoteIdentifier).join(', ')}) REFERENCES ${quoted(references)} (${referencedColumns.map(quoteIdentifier).join(', ')});`,
    ),
    ...starts.slice(0, -1).map((from, at) => {
      const part = sqlName({ schema: table.schema, name: `${table.name}_${from.replaceAll('-', '')}` })
      return `CREATE TABLE ${part} PARTITION OF ${partitioned} FOR VALUES FROM ('${from}') TO ('${starts[at + 1]}');`
    }),
    `ALTER TABLE ${sqlName(table)} ADD CONSTRAINT ${check} CHECK (${name} < '${cut}') NOT VALID;`,
    `ALTER TABLE ${sqlName(table)} VALIDATE CONSTRAINT ${check};`,
    `-- 2 switch, before ${cut}: one short transaction, with SET lock_timeout = '1s' and another try when it gives up`,
    'BEGIN;',
    ...(primary === undefined
      ? []
      : [
          `ALTER TABLE ${sqlName(table)} DROP CONSTRAINT ${quoteIdentifier(primary.name)}, ADD PRIMARY KEY USING INDEX ${quoteIdentifier(`${table.name}_before_key`)};`,
        ]),
    `ALTER TABLE ${sqlName(table)} RENAME TO ${quoteIdentifier(`${table.name}_before`)};`,
    `ALTER TABLE ${partitioned} RENAME TO ${quoteIdentifier(table.name)};`,
    `ALTER TABLE ${sqlName(table)} ATTACH PARTITION ${old} FOR VALUES FROM (MINVALUE) TO ('${cut}');`,
    'COMMIT;',
    `-- 3 contract: what is older than it must be goes with DETACH PARTITION ... CONCURRENTLY and DROP TABLE; ${old} can be cut further in a quiet hour`,
    `-- triggers, rights${special.length === 0 ? '' : `, ${special.join(', ')}`} of ${table.relation} are made on the new table before step 2; esa db migrate rehearse shows each lock`,
  ].join('\n')
}

/** Indexes that keep no key: those that are made the same way on the new table, and names of those that take a thought. */
function otherIndexes({ indexes }: Table): [plain: Index[], special: string[]] {
  const others = indexes.filter(({ unique, valid }) => valid && !unique)
  const isPlain = ({ predicate, columns }: Index): boolean => predicate === null && !columns.includes(null)
  return [others.filter(isPlain), others.filter((index) => !isPlain(index)).map(({ name }) => name)]
}

function quoted(relation: string): string {
  const dot = relation.indexOf('.')
  return sqlName({ schema: relation.slice(0, dot), name: relation.slice(dot + 1) })
}

/** Days that there must be, at least, from the newest row to the first month that begins anew: the switch comes before it. */
const ROOM_DAYS = 7

/** Starts of the next partitions: the first is a boundary after the newest day, with some room to get there. */
function bounds(newest: string, interval: string): string[] {
  const [year, month, day] = newest.split('-').map(Number) as [number, number, number]
  const at = (n: number): string => {
    if (interval === '1 month') return isoDay(monthStart(year, month, day + ROOM_DAYS, n))
    const days = interval === '1 week' ? 7 : 1
    return isoDay(Date.UTC(year, month - 1, day + 1 + days * n))
  }
  return Array.from({ length: AHEAD + 1 }, (_, n) => at(n + 1))
}

function monthStart(year: number, month: number, day: number, later: number): number {
  const from = new Date(Date.UTC(year, month - 1, day))
  return Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + later, 1)
}

function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
