import { relative } from 'node:path'
import type { AdvisedIndex, Recommendation } from '@esa/database-advice/advise'
import { drizzleModules } from './drizzle-project.ts'

/** A change of a Drizzle schema that comes to a recommendation. */
interface DrizzleChange {
  /** Where the table is: its module, and the name under which that exports it. */
  file: string
  table: string
  /** A member of the list that is the table's last argument, as a function of `t`. */
  code: string
}

/** Advice as changes of a project's Drizzle schema; `left` are recommendations that such a schema has no words for. */
export interface DrizzleAdvice {
  changes: DrizzleChange[]
  left: { ddl: string; why: string }[]
}

/** Where drizzle-orm keeps what a table is called; the same in every copy of the library. */
const NAME = Symbol.for('drizzle:Name')
const SCHEMA = Symbol.for('drizzle:Schema')

/** A table that a module exports: its columns by their names in the database, with the names they have in code. */
interface KnownTable {
  file: string
  exportName: string
  columns: ReadonlyMap<string, string>
}

/**
 * Recommended indexes as changes of a Drizzle schema; `path` is its drizzle.config.* or a schema module. Loading runs the
 * project's code. @throws EsaError `drizzle.*`, `file.*` (terminal).
 */
export async function drizzleAdvice(
  path: string,
  recommendations: readonly Recommendation[],
): Promise<DrizzleAdvice> {
  const tables = await knownTables(path)
  const advice: DrizzleAdvice = { changes: [], left: [] }
  for (const { ddl, index } of recommendations) {
    // An extension, or a part of an index of partitions.
    if (index === undefined) {
      advice.left.push({ ddl, why: 'a Drizzle schema has no words for it' })
      continue
    }
    const table = tables.get(`${index.schema}.${index.table}`)
    const why = table === undefined ? 'its table is not in the schema' : unsaid(index, table)
    if (table === undefined || why !== null) advice.left.push({ ddl, why: why ?? '' })
    else advice.changes.push({ file: table.file, table: table.exportName, code: codeOf(index, table) })
  }
  return advice
}

function unsaid({ include, keys }: AdvisedIndex, { columns }: KnownTable): string | null {
  if (include.length > 0) return 'Drizzle has no INCLUDE'
  const unknown = keys.find(({ column }) => column !== null && !columns.has(column))
  return unknown === undefined ? null : `${unknown.sql} is not in the schema`
}

async function knownTables(path: string): Promise<Map<string, KnownTable>> {
  const { config, modules } = await drizzleModules(path)
  const tables = new Map<string, KnownTable>()
  for (const { file, exported } of modules) {
    for (const [exportName, value] of Object.entries(exported)) {
      if (typeof value !== 'object' || value === null || !(NAME in value)) continue
      const { [NAME]: name, [SCHEMA]: schema } = value as { [NAME]: unknown; [SCHEMA]?: unknown }
      const columns = Object.entries(value).flatMap(([key, column]: [string, unknown]) =>
        isColumn(column) ? [[databaseName(key, column, config?.casing), key] as const] : [],
      )
      const shown = relative(process.cwd(), file)
      const relation = `${typeof schema === 'string' ? schema : 'public'}.${String(name)}`
      tables.set(relation, { file: shown, exportName, columns: new Map(columns) })
    }
  }
  return tables
}

interface Column {
  name: string
  keyAsName?: boolean
}

function isColumn(value: unknown): value is Column {
  return typeof value === 'object' && value !== null && 'name' in value && 'columnType' in value
}

/** What a column is called in the database: where the code gives no name of its own, by the casing of the config. */
function databaseName(key: string, { name, keyAsName }: Column, casing: string | undefined): string {
  if (keyAsName !== true || casing !== 'snake_case') return name
  return key.replaceAll(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase()
}

function codeOf({ name, method, keys, where, settings }: AdvisedIndex, { columns }: KnownTable): string {
  const list = keys.map(({ column, sql, opclass, descending, nullsFirst }) => {
    const order = `${descending ? ' desc' : ''}${nullsFirst === descending ? '' : ` nulls ${nullsFirst ? 'first' : 'last'}`}`
    if (column === null) return sqlCode(`(${sql})${opclass === null ? '' : ` ${opclass}`}${order}`)
    const nulls = nullsFirst ? '.nullsFirst()' : '.nullsLast()'
    const sorted = descending || nullsFirst ? `${descending ? '.desc()' : '.asc()'}${nulls}` : ''
    return `t${property(columns.get(column)!)}${sorted}${opclass === null ? '' : `.op(${quoted(opclass)})`}`
  })
  return [
    `index(${quoted(name)}).using(${quoted(method)}, ${list.join(', ')})`,
    ...(where === null ? [] : [`.where(${sqlCode(where)})`]),
    ...(settings === null ? [] : [`.with({ ${settings.replaceAll(' =', ':')} })`]),
    '.concurrently()',
  ].join('')
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
const sqlCode = (text: string): string =>
  `sql\`${text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}\``
const property = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${quoted(key)}]`)
