import { type Finding, OWN_MARK, quoteIdentifier } from '@esa/database-catalog/sql'
import { sqlName } from './fix-text.ts'
import type { Check } from './look.ts'
import { type Table, keysOf } from '@esa/database-catalog'

const PLAIN = /^[a-z_][a-z0-9_]*$/

/** Share of the tables that must agree before the others are called exceptions. */
const HABIT_SHARE = 0.8
/** Tables from which on there is a habit. */
const HABIT_TABLES_MIN = 5

/** Names that need quotes, or that read as words of SQL; one finding a table for each. */
export const checkNames: Check = async ({ tables }, look) => {
  let reserved = new Set<string>()
  const failed = await look(null, async (session) => {
    const { rows } = await session.query(
      `select ${OWN_MARK} word from pg_get_keywords() where catcode in ('R', 'T')`,
    )
    reserved = new Set(rows.map(({ word }) => word as string))
    return []
  })
  const own = tables.filter(({ partition }) => !partition)
  return [...failed, ...own.flatMap((table) => namesOf(table, reserved)), ...habits(own)]
}

function namesOf(table: Table, reserved: ReadonlySet<string>): Finding[] {
  const names = [table.name, ...table.columns.map(({ name }) => name)]
  const quoted = names.filter((name) => !PLAIN.test(name))
  const words = names.filter((name) => reserved.has(name))
  const { relation } = table
  return [
    ...(quoted.length === 0
      ? []
      : [
          {
            kind: 'name-needs-quotes',
            severity: 'warning' as const,
            relation,
            message: `${quoted.join(', ')}: outside of double quotes PostgreSQL reads another name`,
            evidence: { names: quoted },
            fix: quoted.map((name) => renamed(table, name, snakeCase(name))).join('\n'),
          },
        ]),
    ...(words.length === 0
      ? []
      : [
          {
            kind: 'name-reserved',
            severity: 'warning' as const,
            relation,
            message: `${words.join(', ')}: a reserved word of SQL, which every query must quote`,
            evidence: { names: words },
            fix: words
              .map((name) => renamed(table, name, `${name}_${name === table.name ? 'list' : 'value'}`))
              .join('\n'),
          },
        ]),
  ]
}

/** A rename breaks users of the old name: it takes a plan, with both names for a while. */
function renamed(table: Table, from: string, to: string): string {
  const what = from === table.name ? '' : ` COLUMN ${quoteIdentifier(from)}`
  return `esa db migrate plan: ALTER TABLE ${sqlName(table)} RENAME${what} TO ${quoteIdentifier(to)}`
}

function snakeCase(name: string): string {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll(/[^A-Za-z0-9]+/g, '_')
  return words.toLowerCase().replaceAll(/^_+|_+$/g, '')
}

/** What most tables do and some do not: plural names, and what the key is called. */
function habits(tables: Table[]): Finding[] {
  const styles: [string, (table: Table) => string][] = [
    ['table names are', ({ name }) => (/[^s]s$/i.test(name) ? 'plural' : 'singular')],
    ['single primary keys are called', keyStyle],
  ]
  return styles.flatMap(([what, styleOf]): Finding[] => {
    const byStyle = Map.groupBy(tables, styleOf)
    byStyle.delete('')
    const counted = [...byStyle.values()].reduce((sum, list) => sum + list.length, 0)
    const [style, most] = [...byStyle].toSorted(([, a], [, b]) => b.length - a.length)[0] ?? ['', []]
    if (counted < HABIT_TABLES_MIN || most.length === counted || most.length < HABIT_SHARE * counted)
      return []
    const others = [...byStyle.values()].flat().filter((table) => !most.includes(table))
    return [
      {
        kind: 'name-inconsistent',
        severity: 'info',
        message: `${what} ${style} in ${most.length} of ${counted} tables, and not in ${others
          .map(({ relation }) => relation)
          .slice(0, 5)
          .join(', ')}`,
        evidence: { style, tables: most.length, others: others.map(({ relation }) => relation).slice(0, 20) },
        fix: 'rename the exceptions with a plan that keeps both names for a while: esa db migrate plan',
      },
    ]
  })
}

function keyStyle(table: Table): string {
  const columns = keysOf(table).find(({ primary }) => primary)?.columns ?? []
  if (columns.length !== 1) return ''
  if (columns[0] === 'id') return 'id'
  const { name } = table
  return columns[0] === `${name.replace(/s$/, '')}_id` || columns[0] === `${name}_id`
    ? 'TABLE_id'
    : 'something else'
}
