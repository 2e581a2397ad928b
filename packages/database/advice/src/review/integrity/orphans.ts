import { type Finding, quoteIdentifier, type Queryable, OWN_MARK } from '@esa/database-catalog/sql'
import { addForeignKey, createIndex, sqlName } from '../schema/fix-text.ts'
import { sameValue, textOf } from '../schema/column-text.ts'
import type { Check, Question } from '../schema/look.ts'
import { type Column, type ForeignKey, type Table, foreignKeysOf, keysOf } from '@esa/database-catalog'

/** Rows that a count of orphans looks at; in a larger table they are drawn at random, and the finding says so. */
const ROWS_MAX = 200_000
/** Share of orphans up to which a column that is called like a reference is one that was broken, and not something else. */
const BROKEN_SHARE_MAX = 0.2
/** Values shown of what points nowhere. */
const EXAMPLES = 5

/** A reference, declared or only meant. */
interface Reference {
  table: Table
  columns: string[]
  to: Table
  toColumns: string[]
}

interface Counted {
  looked: number
  orphans: number
  sampled: boolean
  examples: string[]
}

/** Rows that reference nothing: of keys that were not validated, and of columns that are called and filled like references. */
export const checkOrphans: Check = async ({ tables }, look) => {
  const byRelation = new Map(tables.map((table) => [table.relation, table]))
  const own = tables.filter(({ partition, readable }) => readable && !partition)
  const declared = own.flatMap((table) =>
    foreignKeysOf(table)
      .filter(({ validated, enforced }) => !validated || !enforced)
      .map((key) => ({ table, key, to: byRelation.get(key.references) })),
  )
  const uncounted = declared.flatMap(({ table, key, to }) =>
    seesAll(to) || key.validated ? [] : [incomplete(table, key, notSeen(key), { hidden: [key.references] })],
  )
  const counted = declared.flatMap(({ table, key, to }) =>
    seesAll(to) ? [checkDeclared(table, key, to)] : [],
  )
  const meant = meantReferences(own).filter(({ to }) => seesAll(to))
  return [...uncounted, ...(await look.each([...counted, ...meant.map(checkMeant)]))]
}

/** A row that the role may not see is not one that is missing. */
function seesAll(to: Table | undefined): to is Table {
  return to !== undefined && to.readable && !to.filtered
}

function notSeen({ references }: ForeignKey): string {
  return `orphans were not counted, as the role does not see every row of ${references}`
}

function checkDeclared(table: Table, key: ForeignKey, to: Table): Question {
  const ask = async (session: Queryable): Promise<Finding[]> => {
    const reference = { table, columns: key.columns, to, toColumns: key.referencedColumns }
    const counted = await countOrphans(session, reference)
    if (counted.orphans > 0) return [orphans(reference, counted, completeKey(table, key))]
    // That its triggers are off is said elsewhere; that nothing happened yet is good to know, and no finding.
    if (key.validated) return []
    const rows = `${counted.looked} ${counted.sampled ? 'sampled rows' : 'rows that the role sees'}`
    const found =
      counted.sampled || table.filtered
        ? `no orphan was found in ${rows}, which promises nothing about the others`
        : `no orphan was found, so that ${key.notEnforced ? 'enforcing' : 'validating'} it will pass`
    return [incomplete(table, key, found, { ...counted })]
  }
  return { relation: table.relation, ask }
}

/** A key that does not hold for every row, and what is known of those. */
function incomplete(table: Table, key: ForeignKey, known: string, evidence: Finding['evidence']): Finding {
  return {
    kind: key.notEnforced ? 'not-enforced' : 'not-validated',
    severity: 'warning',
    relation: table.relation,
    message: key.notEnforced
      ? `${key.name} is NOT ENFORCED: it checks nothing, neither old rows nor new ones; ${known}`
      : `${key.name} holds for new rows only; ${known}`,
    evidence: { constraint: key.name, ...evidence },
    fix: completeKey(table, key),
  }
}

/** What makes a key hold for every row. */
function completeKey(table: Table, { name, validated, notEnforced }: ForeignKey): string {
  const constraint = quoteIdentifier(name)
  if (notEnforced)
    return `-- reads every row, and blocks reads and writes of the table\nALTER TABLE ${sqlName(table)} ALTER CONSTRAINT ${constraint} ENFORCED;`
  if (validated) return `-- new ones are refused when its triggers fire again (disabled-trigger)`
  return `ALTER TABLE ${sqlName(table)} VALIDATE CONSTRAINT ${constraint};`
}

function checkMeant(reference: Reference): Question {
  const { table, columns, to, toColumns } = reference
  const ask = async (session: Queryable): Promise<Finding[]> => {
    const counted = await countOrphans(session, reference)
    const { looked, orphans: lost } = counted
    // Few rows, or mostly strangers: it is called like a reference and is none.
    if (looked === 0 || lost > BROKEN_SHARE_MAX * looked) return []
    const list = (names: readonly string[]): string => names.map(quoteIdentifier).join(', ')
    const add = addForeignKey(
      table,
      `${table.name}_${columns.join('_')}_fkey`,
      `FOREIGN KEY (${list(columns)}) REFERENCES ${sqlName(to)} (${list(toColumns)})`,
    )
    const isIndexed = table.indexes.some(({ columns: [first], valid }) => valid && first === columns[0])
    // Without it, each delete of a referenced row would read this table.
    const mend = isIndexed ? add : `${createIndex(table, columns)}\n${add}`
    if (lost > 0) return [orphans(reference, counted, mend)]
    return [
      {
        kind: 'missing-foreign-key',
        severity: 'warning',
        relation: table.relation,
        message: `${columns.join(', ')} is filled like a reference to ${to.relation} (${looked}${counted.sampled ? ' sampled' : ''} values, all there), and nothing keeps it so`,
        evidence: { columns, references: to.relation, referencedColumns: toColumns, ...counted },
        fix: mend,
      },
    ]
  }
  return { relation: table.relation, ask }
}

function orphans({ table, columns, to, toColumns }: Reference, counted: Counted, then: string): Finding {
  const list = columns.map(quoteIdentifier).join(', ')
  const on = columns
    .map((name, at) => `r.${quoteIdentifier(toColumns[at]!)} = t.${quoteIdentifier(name)}`)
    .join(' AND ')
  const look = `SELECT t.* FROM ${sqlName(table)} t WHERE (${list}) IS NOT NULL AND NOT EXISTS (SELECT FROM ${sqlName(to)} r WHERE ${on});`
  return {
    kind: 'orphans',
    severity: 'error',
    relation: table.relation,
    message: `${counted.orphans} of ${counted.looked}${counted.sampled ? ' sampled' : ''} rows reference a row of ${to.relation} that is not there, by ${columns.join(', ')}: ${counted.examples.join(', ')}`,
    evidence: { columns, references: to.relation, referencedColumns: toColumns, ...counted },
    fix: `-- decide about each: set it to NULL, remove it, or bring back what it points to\n${look}\n-- then, and what checks old rows passes only when they are mended:\n${then}`,
  }
}

async function countOrphans(
  session: Queryable,
  { table, columns, to, toColumns }: Reference,
): Promise<Counted> {
  const large = (table.rows ?? 0) > ROWS_MAX
  const drawn = large ? `tablesample system (${(100 * ROWS_MAX) / table.rows!}) repeatable (1)` : ''
  const list = columns.map(quoteIdentifier)
  const own = columns.map((name) => table.columns.find((column) => column.name === name)!)
  const on = own.map((column, at) => sameValue(column, 't', 'r', toColumns[at])).join(' and ')
  const { rows } = await session.query(
    `select ${OWN_MARK} count(*)::float8 as read, count(*) filter (where refers)::float8 as looked,
       count(*) filter (where refers and lost)::float8 as orphans,
       (array_agg(distinct value) filter (where refers and lost))[1:${EXAMPLES}] as examples
     from (select ${list.map((name) => `t.${name} is not null`).join(' and ')} as refers, concat_ws(', ', ${own.map((column) => textOf(column, 't')).join(', ')}) as value,
         not exists (select from ${sqlName(to)} r where ${on}) as lost
       from (select ${list.join(', ')} from ${sqlName(table)} ${drawn} limit ${ROWS_MAX}) t) l`,
  )
  const { read, looked, orphans, examples } = rows[0] as {
    read: number
    looked: number
    orphans: number
    examples: string[] | null
  }
  // The estimate may be old, or missing: where the limit was reached, there may be more.
  return { looked, orphans, sampled: large || read >= ROWS_MAX, examples: examples ?? [] }
}

/** Columns that are called like the key of another table, are of its type, and have no foreign key. */
function meantReferences(tables: readonly Table[]): Reference[] {
  const byName = Map.groupBy(
    tables.flatMap((to) => {
      const key = singleKey(to)
      return key === null ? [] : namesFor(to.name, key.name).map((name) => ({ name, to, key }))
    }),
    ({ name }) => name,
  )
  return tables.flatMap((table) =>
    table.columns.flatMap((column): Reference[] => {
      if (foreignKeysOf(table).some(({ columns }) => columns.includes(column.name))) return []
      const targets = (byName.get(column.name.toLowerCase()) ?? [])
        .filter(({ to, key }) => comparable(column, key) && !(to === table && key.name === column.name))
        .toSorted((a, b) => Number(b.to.schema === table.schema) - Number(a.to.schema === table.schema))
      const [target] = targets
      // Its own key may be called like another table's: then it is that table's row, a reference all the same.
      if (target === undefined || (target.to === table && singleKey(table)?.name === column.name)) return []
      return [{ table, columns: [column.name], to: target.to, toColumns: [target.key.name] }]
    }),
  )
}

function singleKey(table: Table): Column | null {
  const keys = keysOf(table)
  const key = keys.find(({ primary }) => primary) ?? keys.find(({ columns: names }) => names.length === 1)
  return key?.columns.length === 1
    ? (table.columns.find(({ name }) => name === key.columns[0]) ?? null)
    : null
}

/** What a reference to this table would be called: customer_id, customers_id, and its key's own name unless that is `id`. */
function namesFor(table: string, key: string): string[] {
  const plain = table.toLowerCase().replace(/^(?:tbl|t)_/, '')
  const stems = [
    plain,
    plain.replace(/ies$/, 'y'),
    plain.replace(/(?:ses|xes|zes|ches|shes)$/, (end) => end.slice(0, -2)),
    plain.replace(/s$/, ''),
  ]
  const names = stems.flatMap((stem) => [`${stem}_${key.toLowerCase()}`, `${stem}_id`, `${stem}id`])
  const own = /^(?:id|uuid|name|code|key|no)$/i.test(key) ? [] : [key.toLowerCase()]
  return [...new Set([...names, ...own])]
}

const SAME = [new Set(['int2', 'int4', 'int8']), new Set(['text', 'varchar', 'bpchar'])]

function comparable(a: Column, b: Column): boolean {
  return a.base === b.base || SAME.some((types) => types.has(a.base) && types.has(b.base))
}
