import { nameWith } from '@esa/database-catalog'
import { quoteIdentifier } from '@esa/database-catalog/sql'
import { setNotNull, sqlName } from '../schema/fix-text.ts'
import type { Column, Table } from '@esa/database-catalog'
import type { Rule, TableForm } from './table-form.ts'

/** Partitions that are made ahead. */
const AHEAD = 3

/** What a conversion is planned from; `newest` is the latest day of the data. */
export interface Conversion {
  table: Table
  form: TableForm
  key: Column
  interval: string
  newest: string
  referencedBy: readonly string[]
}

/**
 * A conversion under which readers and writers wait for a moment only: the table as it is becomes the first partition,
 * by a check that was validated beforehand, and new rows go to new partitions, under the same constraints.
 */
export function conversionPlan(conversion: Conversion): string {
  const { table, form, key, interval, newest } = conversion
  const starts = bounds(newest, interval)
  const cut = starts[0]!
  const { old } = namesOf(table)
  return [
    ...toDoFirst(conversion).map((line) => `-- first: ${line}`),
    `-- 1 expand; blocks nothing`,
    ...prepareTable(table, form, key, cut),
    ...makePartitioned(table, form, key, starts),
    `-- 2 switch, before ${cut}: one short transaction, with SET lock_timeout = '1s' and another try when it gives up`,
    ...switchOver(table, form, key, cut),
    `-- 3 contract: what is older than it must be goes with DETACH PARTITION ... CONCURRENTLY and DROP TABLE; ${old} can be cut further in a quiet hour`,
    ...sequencesOf(table).map(
      (owned) => `-- 3 contract, before ${old} is dropped, which would take the sequence along: ${owned}`,
    ),
    `-- ${['rights', ...form.besides].join(', ')} of ${table.relation} are made on the new table before step 2; esa db migrate rehearse shows each lock`,
  ].join('\n')
}

/** What no script can know the answer to. */
function toDoFirst({ form, key, referencedBy }: Conversion): string[] {
  const primary = primaryOf(form)
  const only = (names: readonly string[]): boolean => !names.includes(key.name)
  return [
    ...(referencedBy.length === 0
      ? []
      : [
          `${referencedBy.join(', ')} reference it by a key without ${key.name}; drop these foreign keys or give them the column`,
        ]),
    ...(primary !== undefined && only(primary.columns)
      ? [
          `${primary.name} gets ${key.name}: nothing says any more that ${primary.columns.join(', ')} is unique`,
        ]
      : []),
    ...[...form.rules.filter(({ type }) => type === 'u'), ...form.indexes.filter(({ unique }) => unique)]
      .filter(({ columns }) => only(columns))
      .map(({ name }) => `${name} cannot be unique over all partitions without ${key.name}`),
    ...form.rules
      .filter(({ type }) => type === 'x')
      .map(({ name }) => `${name} excludes rows of the old table only: make it on each new partition`),
    ...form.rules
      .filter(isAlone)
      .map(({ name }) => `${name} says NO INHERIT: make it on each new partition, or without these words`),
    ...form.publications.map(
      (name) =>
        `publication ${name} goes on with the old table only: give its subscribers the new one, and name it to them after step 2`,
    ),
    ...form.rules
      .filter(isUnproven)
      .map(({ name }) => `rows that break ${name} must be mended: a partition is known to keep it`),
  ]
}

/** A check that partitions cannot have from the table that they are part of. */
function isAlone({ type, definition }: Rule): boolean {
  return type === 'c' && / NO INHERIT( |$)/.test(definition)
}

const NOT_VALID = / NOT VALID$/

/** True for what holds for new rows, and perhaps not for all. */
function isUnproven(rule: Rule): boolean {
  return (rule.type === 'c' || rule.type === 'f') && !isAlone(rule) && NOT_VALID.test(rule.definition)
}

function primaryOf({ rules }: TableForm): Rule | undefined {
  return rules.find(({ type }) => type === 'p')
}

/** What the tables are called, before and after, as SQL. */
function namesOf({ schema, name }: Table): Record<'table' | 'old' | 'partitioned' | 'key', string> {
  return {
    table: sqlName({ schema, name }),
    old: sqlName({ schema, name: oldName(name) }),
    partitioned: sqlName({ schema, name: newName(name) }),
    key: nameWith(name, '_before_key'),
  }
}

const oldName = (name: string): string => nameWith(name, '_before')
const newName = (name: string): string => nameWith(name, '_by_time')

/** A primary key of a partitioned table has the column by which it is cut. */
function keyColumns(primary: Rule, key: Column): string[] {
  return [...new Set([...primary.columns, key.name])]
}

/** What follows the columns of a key: INCLUDE (...), and when it is looked at. */
function keyTail({ definition }: Rule): { include: string; when: string } {
  const include = / INCLUDE \([^)]*\)/.exec(definition)?.[0] ?? ''
  const when = / (?:DEFERRABLE|INITIALLY DEFERRED).*$/.exec(definition)?.[0] ?? ''
  return { include, when }
}

function prepareTable(table: Table, form: TableForm, key: Column, cut: string): string[] {
  const names = namesOf(table)
  const primary = primaryOf(form)
  const check = quoteIdentifier(nameWith(table.name, '_before_check'))
  return [
    ...(key.notNull ? [] : [setNotNull(table, [key.name])]),
    ...(primary === undefined
      ? []
      : [
          `CREATE UNIQUE INDEX CONCURRENTLY ${quoteIdentifier(names.key)} ON ${names.table} (${list(keyColumns(primary, key))})${keyTail(primary).include};`,
        ]),
    ...form.rules
      .filter(isUnproven)
      .map(({ name }) => `ALTER TABLE ${names.table} VALIDATE CONSTRAINT ${quoteIdentifier(name)};`),
    `ALTER TABLE ${names.table} ADD CONSTRAINT ${check} CHECK (${quoteIdentifier(key.name)} < '${cut}') NOT VALID;`,
    `ALTER TABLE ${names.table} VALIDATE CONSTRAINT ${check};`,
  ]
}

/** The new table. Where the old one has the same, ATTACH takes it for the new one's and reads nothing. */
function makePartitioned(table: Table, form: TableForm, key: Column, starts: readonly string[]): string[] {
  const { table: from, partitioned } = namesOf(table)
  const primary = primaryOf(form)
  const add = (name: string, definition: string): string =>
    `ALTER TABLE ${partitioned} ADD CONSTRAINT ${quoteIdentifier(name)} ${definition};`
  return [
    `CREATE TABLE ${partitioned} (LIKE ${from} INCLUDING ALL EXCLUDING CONSTRAINTS EXCLUDING IDENTITY EXCLUDING INDEXES) PARTITION BY RANGE (${quoteIdentifier(key.name)});`,
    ...(primary === undefined
      ? []
      : [
          add(
            newName(primary.name),
            `PRIMARY KEY (${list(keyColumns(primary, key))})${keyTail(primary).include}${keyTail(primary).when}`,
          ),
        ]),
    // A partition may have no identity of its own: the table that it is part of numbers the rows.
    ...form.identities.map(
      ({ column, generated }) =>
        `ALTER TABLE ${partitioned} ALTER COLUMN ${quoteIdentifier(column)} ADD ${generated};`,
    ),
    ...uniquesWith(form, key).map(({ name, definition }) => add(newName(name), definition)),
    ...form.indexes
      .filter(({ unique, columns }) => !unique || columns.includes(key.name))
      .map(({ unique, tail }) => `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ON ${partitioned} ${tail};`),
    // Names of checks and foreign keys are the table's own. A key to the table itself is among those to think of first.
    ...form.rules
      .filter((rule) => (rule.type === 'c' && !isAlone(rule)) || rule.type === 'f')
      .filter(({ referencesOid }) => referencesOid !== table.oid)
      .map(({ name, definition }) => add(name, definition.replace(NOT_VALID, ''))),
    ...starts.slice(0, -1).map((start, at) => {
      const part = sqlName({
        schema: table.schema,
        name: nameWith(table.name, `_${start.replaceAll('-', '')}`),
      })
      return `CREATE TABLE ${part} PARTITION OF ${partitioned} FOR VALUES FROM ('${start}') TO ('${starts[at + 1]}');`
    }),
  ]
}

/** Those that can hold over all partitions. */
function uniquesWith({ rules }: TableForm, key: Column): Rule[] {
  return rules.filter(({ type, columns }) => type === 'u' && columns.includes(key.name))
}

function switchOver(table: Table, form: TableForm, key: Column, cut: string): string[] {
  const { table: name, old, partitioned, key: index } = namesOf(table)
  const primary = primaryOf(form)
  const rename = (relation: string, from: string, to: string): string =>
    `ALTER TABLE ${relation} RENAME CONSTRAINT ${quoteIdentifier(from)} TO ${quoteIdentifier(to)};`
  return [
    'BEGIN;',
    `LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE;`,
    ...(primary === undefined
      ? []
      : [
          `ALTER TABLE ${name} DROP CONSTRAINT ${quoteIdentifier(primary.name)}, ADD PRIMARY KEY USING INDEX ${quoteIdentifier(index)}${keyTail(primary).when};`,
          rename(partitioned, newName(primary.name), primary.name),
        ]),
    ...uniquesWith(form, key).flatMap((unique) => [
      rename(name, unique.name, oldName(unique.name)),
      rename(partitioned, newName(unique.name), unique.name),
    ]),
    ...form.identities.flatMap(({ column, cache }) => [
      // A try that gave up left values with this session: others have gone on meanwhile.
      ...(cache === 1 ? [] : ['DISCARD SEQUENCES;']),
      `SELECT setval(${sequenceOf(partitioned, column)}, nextval(${sequenceOf(name, column)}), false);`,
      `ALTER TABLE ${name} ALTER COLUMN ${quoteIdentifier(column)} DROP IDENTITY;`,
    ]),
    `ALTER TABLE ${name} RENAME TO ${quoteIdentifier(oldName(table.name))};`,
    `ALTER TABLE ${partitioned} RENAME TO ${quoteIdentifier(table.name)};`,
    `ALTER TABLE ${name} ATTACH PARTITION ${old} FOR VALUES FROM (MINVALUE) TO ('${cut}');`,
    'COMMIT;',
  ]
}

function sequenceOf(relation: string, column: string): string {
  return `pg_get_serial_sequence(${literal(relation)}, ${literal(column)})`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** Statements that give the new table the sequences of serial columns, which go with the old one else. */
function sequencesOf(table: Table): string[] {
  return table.columns.flatMap(({ name, identity, sequence }) =>
    identity || sequence === null
      ? []
      : [`ALTER SEQUENCE ${sequence} OWNED BY ${namesOf(table).table}.${quoteIdentifier(name)};`],
  )
}

function list(names: readonly string[]): string {
  return names.map(quoteIdentifier).join(', ')
}

/** Days that there must be, at least, from the newest row to the first new month: the switch comes before it. */
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
