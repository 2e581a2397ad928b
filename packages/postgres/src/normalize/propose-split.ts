import type { Finding } from '../finding.ts'
import { quoteIdentifier, quoteRelation } from '../identifiers.ts'
import type { Queryable } from '../queryable.ts'
import { OWN_MARK } from '../read-only.ts'
import type { Table } from '../schema/read-catalog.ts'

/** Columns that another determines, by name. */
export interface NamedViolation {
  determinant: string[]
  dependents: string[]
  redundantCells: number
}

/** A table that a split makes, and what of the split table it holds. */
export interface SplitTable {
  relation: string
  key: string[]
  columns: string[]
}

/** What joining a split back gave: `proven` is true when every row came back as it was, null when that took too long. */
export interface Proof {
  proven: boolean | null
  rows: number | null
  rejoined: number | null
  missing: number | null
  why?: string
}

/** A table split so that nothing in it violates anything; `ddl` in the order in which it is safe to run. */
export interface Proposal {
  tables: SplitTable[]
  remaining: string[]
  ddl: string[]
  lossless: Proof
}

/** The tables that a split by these violations makes. `taken` are relations that exist already. */
export function splitTables(
  table: Table,
  violations: readonly NamedViolation[],
  taken: ReadonlySet<string>,
): SplitTable[] {
  const used = new Set(taken)
  return violations.map(({ determinant, dependents }) => {
    const stem = determinant.map((column) => column.replace(/_?(?:id|Id|ID)$/, '') || column).join('_')
    const base = `${table.name}_${stem}`
    let name = base
    for (let n = 2; used.has(`${table.schema}.${name}`); n++) name = `${base}_${n}`
    used.add(`${table.schema}.${name}`)
    return { relation: `${table.schema}.${name}`, key: determinant, columns: dependents }
  })
}

/** DDL of a split: new tables first, filled, then referenced without a long lock, the copied columns last of all. */
export function splitDdl(table: Table, split: readonly SplitTable[]): string[] {
  const from = quoteRelation(table.schema, table.name)
  const typeOf = new Map(table.columns.map(({ name, type }) => [name, type]))
  const list = (names: readonly string[]): string => names.map(quoteIdentifier).join(', ')
  const made = split.flatMap(({ relation, key, columns }) => {
    const to = quoteRelation(table.schema, relation.slice(table.schema.length + 1))
    const lines = [
      ...key.map((name) => `${quoteIdentifier(name)} ${typeOf.get(name)} NOT NULL`),
      ...columns.map((name) => `${quoteIdentifier(name)} ${typeOf.get(name)}`),
      `PRIMARY KEY (${list(key)})`,
    ]
    const known = key.map((name) => `${quoteIdentifier(name)} IS NOT NULL`).join(' AND ')
    return [
      `CREATE TABLE ${to} (${lines.join(', ')})`,
      `INSERT INTO ${to} SELECT DISTINCT ${list([...key, ...columns])} FROM ${from} WHERE ${known}`,
    ]
  })
  const moved = new Map(
    split.flatMap(({ relation, columns }) => columns.map((name) => [name, relation] as const)),
  )
  const referenced = split.flatMap(({ relation, key }) => {
    // A determinant that is itself moved is referenced from where it moves to.
    const home = moved.get(key[0]!) ?? table.relation
    const [at, to] = [home, relation].map((name) =>
      quoteRelation(table.schema, name.slice(table.schema.length + 1)),
    )
    const constraint = quoteIdentifier(`${relation.slice(table.schema.length + 1)}_fkey`.slice(0, 63))
    return [
      `ALTER TABLE ${at} ADD CONSTRAINT ${constraint} FOREIGN KEY (${list(key)}) REFERENCES ${to} (${list(key)}) NOT VALID`,
      `ALTER TABLE ${at} VALIDATE CONSTRAINT ${constraint}`,
    ]
  })
  const dropped = [...moved.keys()].map((name) => `ALTER TABLE ${from} DROP COLUMN ${quoteIdentifier(name)}`)
  return [...made, ...referenced, ...dropped]
}

// EXCEPT needs an equality of the type; these have none, and their text has.
const WITHOUT_EQUALITY = new Set(
  'json xml point line lseg box path polygon circle geometry geography'.split(' '),
)

/**
 * Joins a split back in a query and compares with the table, row by row: the same count, and EXCEPT ALL empty (then the
 * other direction is empty too). Rows whose determinant is NULL must come back as well. @throws the server's error.
 */
export async function proveLossless(
  session: Queryable,
  table: Table,
  split: readonly SplitTable[],
): Promise<Proof> {
  const from = quoteRelation(table.schema, table.name)
  const home = new Map(split.flatMap(({ columns }, at) => columns.map((name) => [name, `p${at}`] as const)))
  const column = (name: string, at = home.get(name) ?? 't'): string => `${at}.${quoteIdentifier(name)}`
  const compared = (name: string, base: string, at?: string): string =>
    WITHOUT_EQUALITY.has(base) ? `${column(name, at)}::text` : column(name, at)
  const parts = split.map(({ key, columns }, at) => {
    const list = [...key, ...columns].map(quoteIdentifier).join(', ')
    const known = key.map((name) => `${quoteIdentifier(name)} is not null`).join(' and ')
    return `p${at} as (select distinct ${list} from ${from} where ${known})`
  })
  const joins = inOrder(split).map((at) => {
    const on = split[at]!.key.map((name) => `${column(name)} = ${column(name, `p${at}`)}`).join(' and ')
    return `left join p${at} on ${on}`
  })
  const back = table.columns.map(({ name, base }) => `${compared(name, base)} as ${quoteIdentifier(name)}`)
  const whole = table.columns.map(({ name, base }) => compared(name, base, 't'))
  const { rows } = await session.query(
    `with ${parts.join(', ')}, rejoined as materialized (select ${back.join(', ')} from ${from} t ${joins.join(' ')})
     select ${OWN_MARK} (select count(*) from ${from})::float8 as rows, (select count(*) from rejoined)::float8 as rejoined,
       (select count(*) from (select ${whole.join(', ')} from ${from} t except all select * from rejoined) d)::float8 as missing`,
  )
  const found = rows[0] as { rows: number; rejoined: number; missing: number }
  const proven = found.rows === found.rejoined && found.missing === 0
  return {
    ...found,
    proven,
    ...(proven
      ? {}
      : {
          why: `${found.missing} rows do not come back as they were; NULL in a determinant has no row to join`,
        }),
  }
}

/** The places of the split tables so that each is joined after those that its key comes from. */
function inOrder(split: readonly SplitTable[]): number[] {
  const waiting = split.map((_, at) => at)
  const order: number[] = []
  const provided = (name: string): boolean =>
    split.every(({ columns }, at) => !columns.includes(name) || order.includes(at))
  while (waiting.length > 0) {
    const next = waiting.findIndex((at) => split[at]!.key.every(provided))
    // Violations have no cycle; were there one, the query below would say which column is missing.
    order.push(...waiting.splice(Math.max(next, 0), 1))
  }
  return order
}

/** A violation as a finding. */
export function violationFinding(
  { relation }: Table,
  { determinant, dependents, redundantCells }: NamedViolation,
  rows: number,
  proposal: Proposal | undefined,
): Finding {
  const states = dependents.length === 1 ? 'is a fact' : 'are facts'
  return {
    kind: 'functional-dependency',
    severity: 'warning',
    relation,
    message: `${dependents.join(', ')} ${states} of ${determinant.join(', ')}, not of the row: ${redundantCells} cells say what another row says already`,
    evidence: { determinant, dependents, redundantCells, rows },
    ...(proposal === undefined ? {} : { fix: proposal.ddl.map((line) => `${line};`).join('\n') }),
  }
}
