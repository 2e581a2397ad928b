import { EsaError } from '@esa/protocol'
import type { Node } from '@pgsql/types'
import { postgresError, type Queryable, inReadOnly, onTargetPath } from '@esa/database-catalog/sql'
import { type Parameter, parametersOf, withValues } from './parameters.ts'

/** Places in the order of all rows from which values are taken: a common value is met as often as it is common. */
const PLACES = [0.1, 0.3, 0.5, 0.7, 0.9]

/** How much further the upper end of a range lies: a hundredth of the rows is what a page or a report asks for. */
const RANGE_SHARE = 0.01

/** Rows a page of a list usually has; the application's limit is unknown. */
const LIMIT = '20'

/** Rows among which values are sought, and how long. */
const ROWS_MAX = 20_000
const VALUES_TIMEOUT_MS = 10_000

/** Characters taken out of the middle of a text to be searched for. */
const PIECE_CHARS = 5

interface Value {
  value: string
  type: string
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** One row for a table or view; none for the name of a CTE. */
const STORED = `select relkind in ('r', 'p', 'm') as sampled from pg_class where oid = to_regclass($1) and relkind in ('r', 'p', 'm', 'v')`

/** Values of the other side, spread over its rows by their order. */
async function valuesAt(session: Queryable, parameter: Parameter): Promise<Value[]> {
  const { table, from, expression, operator } = parameter
  const places = PLACES.map((place) => place + (operator.startsWith('<') ? RANGE_SHARE : 0))
  const sql = (sample: string): string =>
    `select v::text as value, pg_typeof(v)::text as type from (
      select place, percentile_disc(place) within group (order by v) as v from unnest($1::float8[]) place,
        (select ${expression} as v from ${from} ${sample} limit ${ROWS_MAX}) s group by place order by place) found where v is not null`
  // A view cannot be sampled, and a small table may have no page in the sample.
  const stored = await session.query(STORED, [table])
  const sample = stored.rows[0]?.['sampled'] === true ? 'tablesample system (2) repeatable (7)' : ''
  const sampled = stored.rows.length === 0 ? [] : (await session.query(sql(sample), [places])).rows
  const again = sampled.length === 0 && sample !== ''
  const rows = again ? (await session.query(sql(''), [places])).rows : sampled
  return rows.map(({ value, type }) => ({ value: String(value), type: String(type) }))
}

function piece(text: string): string {
  const from = Math.max(0, Math.floor((text.length - PIECE_CHARS) / 2))
  return text.slice(from, from + PIECE_CHARS).replaceAll(/[%_\\]/g, '')
}

/** A document of one key of this one: what a containment asks for. */
function oneKey(document: string): string {
  const entries = Object.entries((JSON.parse(document) ?? {}) as object)
  return JSON.stringify(
    Object.fromEntries(entries.filter(([, value]) => typeof value !== 'object').slice(-1)),
  )
}

function asSql({ operator, array }: Parameter, { value, type }: Value): string {
  if (operator.startsWith('~~')) return literal(`%${piece(value)}%`)
  if (type === 'jsonb' && operator === '@>') return `${literal(oneKey(value))}::jsonb`
  if (type === 'tsvector') return `${literal(/'([^']+)'/.exec(value)?.[1] ?? value)}::tsquery`
  return array ? `array[${literal(value)}]::${type}[]` : `${literal(value)}::${type}`
}

async function valuesOf(session: Queryable, parameter: Parameter): Promise<string[]> {
  if (parameter.role === 'limit') return [LIMIT]
  if (parameter.role === 'offset') return ['0']
  const found = parameter.role === 'compared' ? await valuesAt(session, parameter) : []
  if (found.length > 0) return found.map((one) => asSql(parameter, one))
  throw new EsaError(
    'workload.parameter-unknown',
    'terminal',
    `nothing tells what values $${parameter.number} has`,
    { hint: 'give the statement with its values in a file: --workload FILE' },
  )
}

const turn = (values: readonly string[] = [], nth: number): string => values[nth % values.length] ?? 'null'

/**
 * A normalised statement with values for its `$1`, `$2` ..., up to five times. Values come from rows of the copy for what
 * is compared with a column or an expression, common ones as often as they are common; a range holds a hundredth of them.
 * @throws EsaError `workload.parameter-unknown` (terminal) when a parameter is compared with nothing that is stored.
 */
export async function bindParameters(copy: Queryable, sql: string, node: Node): Promise<string[]> {
  const parameters = parametersOf(node)
  if (parameters.length === 0) return [sql]
  try {
    const values = await inReadOnly(copy, VALUES_TIMEOUT_MS, async (session) => {
      const all: [number, string[]][] = []
      // The expressions are the statement's own.
      await onTargetPath(session, async () => {
        for (const parameter of parameters) all.push([parameter.number, await valuesOf(session, parameter)])
      })
      return all
    })
    const sets = PLACES.map((_, nth) =>
      withValues(sql, new Map(values.map(([number, some]) => [number, turn(some, nth)]))),
    )
    return [...new Set(sets)]
  } catch (error) {
    throw postgresError(error)
  }
}
