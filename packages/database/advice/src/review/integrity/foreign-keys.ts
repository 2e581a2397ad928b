import { type Finding, quoteIdentifier, OWN_MARK } from '@esa/database-catalog/sql'
import { createIndex, sqlName } from '../schema/fix-text.ts'
import type { Check } from '../schema/look.ts'
import { type ForeignKey, type Table, foreignKeysOf, predicateOf } from '@esa/database-catalog'

/** Rows from which on a missing index is felt: each delete of a referenced row reads the whole table. */
const FELT_ROWS = 1_000

/** Types that compare by one operator family, so that an index of one serves the other. */
const FAMILIES = [
  new Set(['int2', 'int4', 'int8']),
  new Set(['text', 'varchar']),
  new Set(['timestamp', 'timestamptz', 'date']),
]

/** Foreign keys by their definition: twice the same, of another type than what they point to, without an index. */
export const checkForeignKeys: Check = ({ tables }) => {
  const byRelation = new Map(tables.map((table) => [table.relation, table]))
  return tables
    .filter(({ partition }) => !partition)
    .flatMap((table) => [
      ...duplicates(table),
      ...different(table).flatMap((key) => typeMismatch(table, key, byRelation.get(key.references))),
      // One that checks nothing looks for nothing either.
      ...different(table).flatMap((key) => (key.notEnforced ? [] : withoutIndex(table, key))),
    ])
}

/** Foreign keys by what they check. */
function byMeaning(table: Table): Map<string, ForeignKey[]> {
  return Map.groupBy(
    foreignKeysOf(table),
    ({ columns, references, referencedColumns }) =>
      `${columns.join()} ${references} ${referencedColumns.join()}`,
  )
}

/** One of each: what is wrong with a key is wrong with its duplicate. */
function different(table: Table): ForeignKey[] {
  return [...byMeaning(table).values()].map(([key]) => key!)
}

function duplicates(table: Table): Finding[] {
  return [...byMeaning(table).values()]
    .filter((keys) => keys.length > 1)
    .map((keys) => {
      // The validated one stays: it is the one that proves something.
      const [kept, ...others] = keys.toSorted((a, b) => Number(b.validated) - Number(a.validated))
      const names = others.map(({ name }) => name)
      return {
        kind: 'duplicate-foreign-key',
        severity: 'warning',
        relation: table.relation,
        message: `${names.join(', ')} checks what ${kept!.name} checks: every write pays twice`,
        evidence: {
          kept: kept!.name,
          duplicates: names,
          columns: kept!.columns,
          references: kept!.references,
        },
        fix: names
          .map((name) => `ALTER TABLE ${sqlName(table)} DROP CONSTRAINT ${quoteIdentifier(name)};`)
          .join('\n'),
      }
    })
}

function typeMismatch(table: Table, key: ForeignKey, referenced: Table | undefined): Finding[] {
  return key.columns.flatMap((name, at): Finding[] => {
    const from = table.columns.find((column) => column.name === name)
    const to = referenced?.columns.find((column) => column.name === key.referencedColumns[at])
    if (from === undefined || to === undefined || from.base === to.base) return []
    const related = FAMILIES.some((family) => family.has(from.base) && family.has(to.base))
    const narrower = related && from.base.startsWith('int') && from.base < to.base
    return [
      {
        kind: 'foreign-key-type',
        severity: 'warning',
        relation: table.relation,
        message: narrower
          ? `${name} is ${from.type} and references ${key.references}.${to.name}, ${to.type}: one day a row there cannot be referenced`
          : `${name} is ${from.type} and references ${key.references}.${to.name}, ${to.type}: each check casts`,
        evidence: {
          constraint: key.name,
          column: name,
          type: from.type,
          references: `${key.references}.${to.name}`,
          referencedType: to.type,
        },
        fix: `esa db migrate plan: ${table.relation}.${name} to ${to.type}`,
      },
    ]
  })
}

function withoutIndex(table: Table, key: ForeignKey): Finding[] {
  const serves = table.indexes.some(
    (index) =>
      index.valid &&
      index.method === 'btree' &&
      // A partial index serves when it leaves out only rows that reference nothing.
      (!index.partial ||
        key.columns.some((name) => predicateOf(table, index) === `(${quoteIfNeeded(name)} IS NOT NULL)`)) &&
      index.columns
        .slice(0, key.columns.length)
        .every((name) => name !== null && key.columns.includes(name)) &&
      index.columns.length >= key.columns.length,
  )
  const hashed = table.indexes.some(
    ({ valid, method, columns, partial }) =>
      valid && method === 'hash' && !partial && key.columns.length === 1 && columns[0] === key.columns[0],
  )
  if (serves || hashed) return []
  const rows = table.rows ?? 0
  return [
    {
      kind: 'foreign-key-without-index',
      severity: rows >= FELT_ROWS ? 'warning' : 'info',
      relation: table.relation,
      message: `${key.columns.join(', ')} references ${key.references} and has no index: each delete or key change there reads this table as a whole`,
      evidence: { constraint: key.name, columns: key.columns, references: key.references, rows: table.rows },
      fix: createIndex(table, key.columns),
    },
  ]
}

function quoteIfNeeded(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name)
}

/** Constraints that were never checked against the rows that were there, and triggers that do not fire. */
export const checkEnforcement: Check = async ({ tables }, look) => {
  const byOid = new Map(tables.map((table) => [table.oid, table]))
  return look(null, async (session) => {
    const { rows: constraints } = await session.query(
      // A constraint that is not enforced belongs to the table that declares it: a partition cannot change it.
      `select ${OWN_MARK} conrelid::int8::float8 as oid, conname as name, pg_get_constraintdef(oid) as definition, enforced
       from (select *, coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) as enforced from pg_constraint k) c
       where not convalidated and contype in ('c', 'n') and conrelid <> 0 and (enforced or coninhcount = 0)
       order by conrelid, conname`,
    )
    const { rows: triggers } = await session.query(
      `select ${OWN_MARK} t.tgrelid::int8::float8 as oid, t.tgname as name, t.tgenabled as enabled, c.conname as constraint
       from pg_trigger t left join pg_constraint c on c.oid = t.tgconstraint
       where t.tgenabled in ('D', 'R') order by t.tgrelid, t.tgname`,
    )
    return [
      ...constraints.flatMap((row) => {
        const table = byOid.get(row['oid'] as number)
        return row['enforced'] === true ? notValidated(table, row) : notEnforced(table, row)
      }),
      ...disabledTriggers(byOid, triggers),
    ]
  })
}

function notValidated(table: Table | undefined, row: Record<string, unknown>): Finding[] {
  if (table === undefined) return []
  const { name, definition } = row as { name: string; definition: string }
  return [
    {
      kind: 'not-validated',
      severity: 'warning',
      relation: table.relation,
      message: `${name} holds for new rows only: rows from before it were never checked`,
      evidence: { constraint: name, definition },
      fix: `ALTER TABLE ${sqlName(table)} VALIDATE CONSTRAINT ${quoteIdentifier(name)};`,
    },
  ]
}

function notEnforced(table: Table | undefined, row: Record<string, unknown>): Finding[] {
  if (table === undefined) return []
  const { name, definition } = row as { name: string; definition: string }
  const quoted = quoteIdentifier(name)
  // PostgreSQL enforces a check that was declared so by no statement: it is recreated.
  const check = definition.replace(/ NOT ENFORCED$/, '')
  return [
    {
      kind: 'not-enforced',
      severity: 'warning',
      relation: table.relation,
      message: `${name} is NOT ENFORCED: it checks nothing, neither old rows nor new ones`,
      evidence: { constraint: name, definition },
      fix: [
        `ALTER TABLE ${sqlName(table)} DROP CONSTRAINT ${quoted}, ADD CONSTRAINT ${quoted} ${check} NOT VALID;`,
        `ALTER TABLE ${sqlName(table)} VALIDATE CONSTRAINT ${quoted};`,
      ].join('\n'),
    },
  ]
}

/** The triggers of one foreign key are one thing; a disabled one means that it checks nothing. */
function disabledTriggers(byOid: ReadonlyMap<number, Table>, rows: Record<string, unknown>[]): Finding[] {
  const things = Map.groupBy(
    rows,
    (row) => `${row['oid'] as number} ${(row['constraint'] ?? row['name']) as string}`,
  )
  return [...things.values()].flatMap((group): Finding[] => {
    const table = byOid.get(group[0]!['oid'] as number)
    if (table === undefined) return []
    const { constraint, name, enabled } = group[0] as {
      constraint: string | null
      name: string
      enabled: string
    }
    const triggers = group.map((row) => row['name'] as string)
    const when = enabled === 'R' ? 'fires only while replicating' : 'is disabled'
    return [
      {
        kind: 'disabled-trigger',
        severity: constraint === null ? 'warning' : 'error',
        relation: table.relation,
        message:
          constraint === null
            ? `the trigger ${name} ${when}`
            : `the triggers of the foreign key ${constraint} are off: it checks nothing`,
        evidence: { triggers, constraint },
        fix: triggers
          .map((trigger) => `ALTER TABLE ${sqlName(table)} ENABLE TRIGGER ${quoteIdentifier(trigger)};`)
          .concat(constraint === null ? [] : ['-- then look for orphans again: esa db integrity'])
          .join('\n'),
      },
    ]
  })
}
