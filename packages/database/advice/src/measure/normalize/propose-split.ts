import {
  type Finding,
  quoteIdentifier,
  quoteRelation,
  type Queryable,
  OWN_MARK,
} from '@esa/database-catalog/sql'
import { sqlName } from '../../review/schema/fix-text.ts'
import { sameValue, textOf } from '../../review/schema/column-text.ts'
import { type Column, type Table, foreignKeysOf } from '@esa/database-catalog'

/** Columns that another determines, by name. */
export interface NamedViolation {
  determinant: string[]
  dependents: string[]
  redundantCells: number
}

/** The table that a split moves columns to, and where they stand there: a new one, or one that the determinant references already. */
export interface SplitTable {
  relation: string
  /** The determinant, in the split table. */
  key: string[]
  columns: string[]
  /** Set where the table is there already: its key, in the order of the determinant. */
  existingKey?: string[]
  /** Of the columns, those that the referenced table has already, by the same name and with the same values. */
  present?: string[]
  /** What the other columns are called there, where the table is there already. */
  names?: Record<string, string>
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
  /** Hints with which `esa db migrate plan` does it without stopping writers: which columns go into which new relation. */
  extract: { relation: string; determinant: string[]; dependents: string[]; into: string }[]
}

/**
 * Where a split by these violations puts columns: into the table that the determinant references, where it is a foreign
 * key that the server keeps, else into a new one. Left out is one whose determinant would be torn apart by the others:
 * it could reference nothing. `catalog` are the tables that exist already.
 */
export function splitTables(
  table: Table,
  violations: readonly NamedViolation[],
  catalog: readonly Table[],
): SplitTable[] {
  const used = new Set(catalog.map(({ relation }) => relation))
  const split = violations.map(({ determinant, dependents }): SplitTable => {
    const reference = foreignKeysOf(table).find(
      ({ columns, validated, enforced }) =>
        validated &&
        enforced &&
        columns.length === determinant.length &&
        columns.every((name) => determinant.includes(name)),
    )
    if (reference !== undefined) {
      const { columns: key, references: relation, referencedColumns: existingKey } = reference
      const home = catalog.find((one) => one.relation === relation)
      const names = freeNames(table, dependents, home)
      return { relation, key, columns: dependents, existingKey, names }
    }
    const stem = determinant.map((column) => column.replace(/_?(?:id|Id|ID)$/, '') || column).join('_')
    const base = `${table.name}_${stem}`.slice(0, NAME_CHARS)
    let name = base
    for (let n = 2; used.has(`${table.schema}.${name}`); n++) name = `${base}_${n}`
    used.add(`${table.schema}.${name}`)
    return { relation: `${table.schema}.${name}`, key: determinant, columns: dependents }
  })
  return withoutTorn(split)
}

/** Names for columns in a table that is there already: what is called the same there may mean something else. */
function freeNames(
  table: Table,
  columns: readonly string[],
  home: Table | undefined,
): Record<string, string> {
  const used = new Set(home?.columns.map(({ name }) => name))
  return Object.fromEntries(
    columns.map((column) => {
      const base = `${table.name}_${column}`.slice(0, NAME_CHARS)
      let name = base
      for (let n = 2; used.has(name); n++) name = `${base}_${n}`
      used.add(name)
      return [column, name]
    }),
  )
}

/** The split tables whose keys stay together; those that others wait for are judged first, as they may be what tears. */
function withoutTorn(split: readonly SplitTable[]): SplitTable[] {
  const torn = inOrder(split).find((at) => homeOf(split[at]!.key, split) === 'torn')
  return torn === undefined ? [...split] : withoutTorn(split.filter((_, at) => at !== torn))
}

/** Where columns of one key stand after a split: together in a split table, undefined in the table itself, or torn apart. */
function homeOf(key: readonly string[], split: readonly SplitTable[]): SplitTable | undefined | 'torn' {
  const homes = new Set(key.map((name) => split.find(({ columns }) => columns.includes(name))))
  return homes.size === 1 ? [...homes][0] : 'torn'
}

/** Longest name of a new table: a constraint's suffix has to fit. */
const NAME_CHARS = 50

/** DDL of a split: where columns go first, filled, then referenced without a long lock, the copied columns last of all. */
export function splitDdl(table: Table, split: readonly SplitTable[]): string[] {
  const made = split.filter(({ existingKey }) => existingKey === undefined)
  return [
    ...split.flatMap((one) =>
      one.existingKey === undefined ? makeTable(table, one) : extendTable(table, one, one.existingKey),
    ),
    ...made.flatMap((one) => reference(table, { ...one, referencedKey: one.key }, split)),
    ...carriedKeys(table, split),
    ...split
      .flatMap(({ columns }) => columns)
      .map((name) => `ALTER TABLE ${sqlName(table)} DROP COLUMN ${quoteIdentifier(name)}`),
  ]
}

/** Foreign keys whose columns move: DROP COLUMN takes them along unsaid, so that they are declared again where the columns are then. */
function carriedKeys(table: Table, split: readonly SplitTable[]): string[] {
  return foreignKeysOf(table).flatMap((found) => {
    const {
      columns: key,
      references: relation,
      referencedColumns: referencedKey,
      validated,
      enforced,
    } = found
    const stays = homeOf(key, split) === undefined
    return stays || !enforced ? [] : reference(table, { relation, key, referencedKey }, split, validated)
  })
}

function makeTable(table: Table, { relation, key, columns }: SplitTable): string[] {
  const typeOf = typesOf(table)
  const lines = [
    ...key.map((name) => `${quoteIdentifier(name)} ${typeOf.get(name)} NOT NULL`),
    ...columns.map((name) => `${quoteIdentifier(name)} ${typeOf.get(name)}`),
    `PRIMARY KEY (${list(key)})`,
  ]
  const known = key.map((name) => `${quoteIdentifier(name)} IS NOT NULL`).join(' AND ')
  return [
    `CREATE TABLE ${quoted(relation)} (${lines.join(', ')})`,
    `INSERT INTO ${quoted(relation)} SELECT DISTINCT ${list([...key, ...columns])} FROM ${sqlName(table)} WHERE ${known}`,
  ]
}

/** The referenced table gets the columns; what is called the same there already may mean something else, and keeps its name. */
function extendTable(table: Table, one: SplitTable, existingKey: readonly string[]): string[] {
  const { relation, key, columns: all, present = [] } = one
  const columns = all.filter((name) => !present.includes(name))
  if (columns.length === 0) return []
  const typeOf = typesOf(table)
  const there = quoteIdentifier('t')
  const on = key.map(
    (name, at) => `${there}.${quoteIdentifier(existingKey[at]!)} = s.${quoteIdentifier(name)}`,
  )
  const named = columns.map((name) => [name, quoteIdentifier(nameThere(one, name))] as const)
  return [
    `ALTER TABLE ${quoted(relation)} ${named.map(([name, to]) => `ADD COLUMN ${to} ${typeOf.get(name)}`).join(', ')}`,
    `UPDATE ${quoted(relation)} ${there} SET ${named.map(([name, to]) => `${to} = s.${quoteIdentifier(name)}`).join(', ')} FROM (SELECT DISTINCT ${list([...key, ...columns])} FROM ${sqlName(table)}) s WHERE ${on.join(' AND ')}`,
  ]
}

/** What a column of the table is called in the split table that it moves to. */
function nameThere({ names, present = [] }: SplitTable, name: string): string {
  return present.includes(name) ? name : (names?.[name] ?? name)
}

function reference(
  table: Table,
  { relation, key, referencedKey }: { relation: string; key: string[]; referencedKey: string[] },
  split: readonly SplitTable[],
  validated = true,
): string[] {
  // A determinant that is itself moved is referenced from where it moves to.
  const home = homeOf(key, split)
  if (home === 'torn') return []
  const at = quoted(home?.relation ?? table.relation)
  const columns = home === undefined ? key : key.map((name) => nameThere(home, name))
  const constraint = quoteIdentifier(`${relation.slice(relation.indexOf('.') + 1)}_fkey`)
  return [
    `ALTER TABLE ${at} ADD CONSTRAINT ${constraint} FOREIGN KEY (${list(columns)}) REFERENCES ${quoted(relation)} (${list(referencedKey)}) NOT VALID`,
    ...(validated ? [`ALTER TABLE ${at} VALIDATE CONSTRAINT ${constraint}`] : []),
  ]
}

function typesOf({ columns }: Table): Map<string, string> {
  return new Map(
    columns.map(({ name, type, collation }) => [
      name,
      collation === null ? type : `${type} COLLATE ${collation}`,
    ]),
  )
}

function list(names: readonly string[]): string {
  return names.map(quoteIdentifier).join(', ')
}

function quoted(relation: string): string {
  const dot = relation.indexOf('.')
  return quoteRelation(relation.slice(0, dot), relation.slice(dot + 1))
}

/** The split with what its referenced tables have already, checked for every row: such columns need only go. @throws the server's error. */
export async function findPresent(
  session: Queryable,
  table: Table,
  split: readonly SplitTable[],
  tables: readonly Table[],
): Promise<SplitTable[]> {
  const found: SplitTable[] = []
  for (const one of split) {
    const home = tables.find(({ relation }) => one.existingKey !== undefined && relation === one.relation)
    const same = one.columns.filter(
      (name) => home?.readable === true && home.columns.some((column) => column.name === name),
    )
    if (same.length === 0) {
      found.push(one)
      continue
    }
    const on = one.key.map((name, at) => sameValue(columnOf(table, name), 't', 'r', one.existingKey![at]))
    const differ = same.map((name, at) => {
      const [here, there] = [columnOf(table, name), columnOf(home!, name)]
      return `coalesce(bool_or(${textOf(here, 't')} is distinct from ${textOf(there, 'r')}), false) as d${at}`
    })
    const { rows } = await session.query(
      `select ${OWN_MARK} ${differ.join(', ')} from ${sqlName(table)} t join ${quoted(one.relation)} r on ${on.join(' and ')}`,
    )
    found.push({ ...one, present: same.filter((_, at) => rows[0]![`d${at}`] !== true) })
  }
  return found
}

// Of these equal values are the same. Of others equal ones may be written otherwise (1.5 and 1.50, a and A where a
// collation says so), or there is no equality: they are the same when their texts are.
const EQUAL_IS_SAME = new Set('bool int2 int4 int8 float4 float8 uuid date timestamp timestamptz'.split(' '))

/**
 * Joins a split back in a query and compares with the table, row by row: the same count, and EXCEPT ALL empty (then the
 * other direction is empty too). Rows whose determinant is NULL must come back as well, and a table that is there already
 * must have a row for each that is not: a foreign key may have been switched off for a while. @throws the server's error.
 */
export async function proveLossless(
  session: Queryable,
  table: Table,
  split: readonly SplitTable[],
): Promise<Proof> {
  const from = sqlName(table)
  const home = new Map(split.flatMap(({ columns }, at) => columns.map((name) => [name, `p${at}`] as const)))
  const column = (name: string, at = home.get(name) ?? 't'): string => `${at}.${quoteIdentifier(name)}`
  const compared = (one: Column, at = home.get(one.name) ?? 't'): string =>
    EQUAL_IS_SAME.has(one.base) ? column(one.name, at) : `${textOf(one, at)} collate "C"`
  const parts = split.map(({ key, columns }, at) => {
    const known = key.map((name) => `${quoteIdentifier(name)} is not null`).join(' and ')
    return `p${at} as (select distinct ${list([...key, ...columns])} from ${from} where ${known})`
  })
  const joins = inOrder(split).map((at) => {
    const on = split[at]!.key.map((name) =>
      sameValue(columnOf(table, name), home.get(name) ?? 't', `p${at}`),
    ).join(' and ')
    return `left join p${at} on ${on}`
  })
  const back = table.columns.map((one) => `${compared(one)} as ${quoteIdentifier(one.name)}`)
  const whole = table.columns.map((one) => compared(one, 't'))
  const without = split.map((one) => orphans(table, one)).join(' + ')
  const { rows } = await session.query(
    `with ${parts.join(', ')}, rejoined as materialized (select ${back.join(', ')} from ${from} t ${joins.join(' ')})
     select ${OWN_MARK} (select count(*) from ${from})::float8 as rows, (select count(*) from rejoined)::float8 as rejoined,
       (select count(*) from (select ${whole.join(', ')} from ${from} t except all select * from rejoined) d)::float8 + ${without} as missing`,
  )
  const found = rows[0] as { rows: number; rejoined: number; missing: number }
  const proven = found.rows === found.rejoined && found.missing === 0
  return {
    ...found,
    proven,
    ...(proven
      ? {}
      : {
          why: `${found.missing} rows do not come back as they were; NULL in a determinant has no row to join, nor has a row whose foreign key points to nothing`,
        }),
  }
}

function columnOf({ columns }: Table, named: string): Column {
  return columns.find(({ name }) => name === named)!
}

/** How many rows would find no row in a table that is there already, as SQL. */
function orphans(table: Table, { relation, key, existingKey }: SplitTable): string {
  if (existingKey === undefined) return '0'
  const known = key.map((name) => `t.${quoteIdentifier(name)} is not null`)
  const on = key.map((name, at) => sameValue(columnOf(table, name), 't', 'r', existingKey[at]))
  return `(select count(*) from ${sqlName(table)} t where ${known.join(' and ')} and not exists (select from ${quoted(relation)} r where ${on.join(' and ')}))::float8`
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

/** A violation as a finding; its fix is its own part of the proposal. */
export function violationFinding(
  table: Table,
  { determinant, dependents, redundantCells }: NamedViolation,
  rows: number,
  proposal: Proposal | undefined,
): Finding {
  const states = dependents.length === 1 ? 'is a fact' : 'are facts'
  const split = proposal?.tables.find(({ columns }) => columns.join() === dependents.join())
  const there = split?.present ?? []
  const isCopy =
    there.length === 0 ? '' : `; ${split!.relation} has ${there.join(', ')} already, with the same values`
  const onPurpose =
    split?.existingKey === undefined
      ? ''
      : `${isCopy}; leave them where they record how it was at the time of the row`
  return {
    kind: 'functional-dependency',
    severity: 'warning',
    relation: table.relation,
    message: `${dependents.join(', ')} ${states} of ${determinant.join(', ')}, not of the row: ${redundantCells} cells say what another row says already${onPurpose}`,
    evidence: {
      determinant,
      dependents,
      redundantCells,
      rows,
      lossless: split === undefined ? null : proposal!.lossless.proven,
    },
    ...(split === undefined
      ? {}
      : {
          fix: splitDdl(table, [split])
            .map((line) => `${line};`)
            .join('\n'),
        }),
  }
}
