import type { AlterTableCmd, Constraint, ConstrType, Node } from '@pgsql/types'
import { quoteIdentifier, columnPath, walk } from '@esa/database-catalog/sql'
import { lockOn } from '../facts.ts'
import { liveCommands, liveName, rewrote, type Rule, type RuleInput, scansTable } from './rule.ts'

interface Added {
  table: string
  constraint: Constraint
}

/** Constraints of some types that an ALTER TABLE adds to a live table. */
function added(input: RuleInput, ...types: ConstrType[]): Added[] {
  return liveCommands(input, 'AT_AddConstraint').flatMap(({ table, command: { def } }) => {
    const constraint = def !== undefined && 'Constraint' in def ? def.Constraint : {}
    return constraint.contype !== undefined && types.includes(constraint.contype)
      ? [{ table, constraint }]
      : []
  })
}

/** False for NOT VALID and NOT ENFORCED, which look at no row. */
function isChecked({ constraint }: Added): boolean {
  return constraint.skip_validation !== true && constraint.is_enforced === true
}

/** Source: the page of ALTER TABLE in the PostgreSQL 17 and 18 manuals. */
const OF_PARTITIONED =
  'On a partitioned table NOT VALID needs PostgreSQL 18; before it, ADD CONSTRAINT ... NOT VALID and VALIDATE CONSTRAINT on each partition, then the foreign key on the parent, which takes those over.'

/** The statement with NOT VALID, and the one that validates afterwards; none where it does more than that. */
function inTwoSteps(
  { facts: { statement, before } }: RuleInput,
  { table, constraint }: Added,
): { fix?: string } {
  if (constraint.contype === 'CONSTR_FOREIGN' && before.byName.get(table)?.kind === 'p') {
    return { fix: OF_PARTITIONED }
  }
  const alter = 'AlterTableStmt' in statement.node ? statement.node.AlterTableStmt : {}
  if (alter.cmds?.length !== 1) return {}
  const name = constraint.conname ?? defaultName(alter.relation?.relname ?? '', constraint)
  const fix = `${statement.text} not valid;\nalter table ${table} validate constraint ${quoteIdentifier(name)};`
  return { fix }
}

function wordsOf(list: Node[] | undefined): string[] {
  return (list ?? []).flatMap((one) => ('String' in one ? (one.String.sval ?? '') : []))
}

/** What PostgreSQL calls a constraint without a name, unless that is taken. */
function defaultName(relation: string, { contype, fk_attrs, keys, including, raw_expr }: Constraint): string {
  if (contype === 'CONSTR_FOREIGN') return [relation, ...wordsOf(fk_attrs), 'fkey'].join('_')
  if (contype === 'CONSTR_UNIQUE') return [relation, ...wordsOf(keys), ...wordsOf(including), 'key'].join('_')
  const columns = new Set<string>()
  walk(raw_expr, (kind, body) => {
    if (kind === 'ColumnRef') columns.add(columnPath(body)?.at(-1) ?? '*')
  })
  // A condition on one column is called by it.
  return [relation, ...(columns.size === 1 ? columns : []), 'check'].join('_')
}

/** The statements that build the index of a UNIQUE constraint first; none where CONCURRENTLY or USING INDEX cannot. */
function inTwoBuilds(input: RuleInput, { table, constraint }: Added): { fix?: string } {
  const { node } = input.facts.statement
  const relation = 'AlterTableStmt' in node ? node.AlterTableStmt.relation : undefined
  const isPartitioned = input.facts.before.byName.get(table)?.kind === 'p'
  if (isPartitioned || constraint.without_overlaps === true) return {}
  const name = quoteIdentifier(constraint.conname ?? defaultName(relation?.relname ?? '', constraint))
  const list = (names: Node[] | undefined): string => wordsOf(names).map(quoteIdentifier).join(', ')
  const index = [
    `create unique index concurrently ${name} on ${table} (${list(constraint.keys)})`,
    ...(constraint.including?.length ? [`include (${list(constraint.including)})`] : []),
    ...(constraint.nulls_not_distinct === true ? ['nulls not distinct'] : []),
  ]
  const added = [
    `alter table ${table} add constraint ${name} unique using index ${name}`,
    ...(constraint.deferrable === true ? ['deferrable'] : []),
    ...(constraint.initdeferred === true ? ['initially deferred'] : []),
  ]
  return { fix: `${index.join(' ')};\n${added.join(' ')};` }
}

const foreignKeyValidates: Rule = {
  id: 'foreign-key-validates',
  severity: 'error',
  danger:
    'Adding a foreign key reads the whole table, while writes to it and to the table it refers to wait.',
  safeWay:
    'ADD CONSTRAINT ... NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own: that reads as long, and blocks nothing.',
  grows: true,
  check: (input) =>
    added(input, 'CONSTR_FOREIGN')
      .filter((one) => isChecked(one) && scansTable(input, one.table))
      .map((one) => ({
        message: `writes to ${one.table} and to ${one.constraint.pktable?.relname ?? 'the other table'} wait until every row is checked`,
        relation: one.table,
        ...inTwoSteps(input, one),
      })),
}

const foreignKeyLocksBoth: Rule = {
  id: 'foreign-key-locks-both',
  severity: 'info',
  danger:
    'A new foreign key locks both tables: it waits for their running writes, and writes that come after wait behind it.',
  safeWay: 'Set lock_timeout, and try again when it strikes.',
  check: (input) => {
    const { facts } = input
    // With lock_timeout no session waits for long.
    if (facts.lockTimeoutMs > 0) return []
    return [...referredTables(input)]
      .filter((table) => lockOn(facts, table) === 'ShareRowExclusiveLock')
      .map((table) => ({ message: `writes to ${table}, which is referred to, wait as well` }))
  },
}

/** Live tables that a statement's new foreign keys refer to. */
function referredTables(input: RuleInput): Set<string> {
  const found = new Set<string>()
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('contype' in node && node.contype === 'CONSTR_FOREIGN') {
      const name = liveName(input, (node as Constraint).pktable)
      if (name !== null) found.add(name)
    }
    for (const child of Object.values(node)) walk(child)
  }
  const { node } = input.facts.statement
  if ('AlterTableStmt' in node || 'CreateStmt' in node) walk(node)
  return found
}

function hasCheck({ def }: AlterTableCmd): boolean {
  const constraints = def !== undefined && 'ColumnDef' in def ? (def.ColumnDef.constraints ?? []) : []
  return constraints.some((one) => 'Constraint' in one && one.Constraint.contype === 'CONSTR_CHECK')
}

/** CREATE INDEX CONCURRENTLY is refused on a partitioned table. */
const ON_EACH_PARTITION =
  'CREATE INDEX ON ONLY the parent, CREATE INDEX CONCURRENTLY on each partition, then ALTER INDEX ... ATTACH PARTITION.'

const foreignKeyWithoutIndex: Rule = {
  id: 'foreign-key-without-index',
  severity: 'info',
  danger: 'Each row that is deleted from the other table, or changes its key, reads all of this one.',
  safeWay: 'CREATE INDEX CONCURRENTLY on the columns that refer.',
  check: ({ facts: { unindexed = [], before } }) =>
    unindexed.map(({ table, columns }) => ({
      message: `no index of ${table} begins with ${columns.join(', ')}, which refers to another table`,
      fix:
        before.byName.get(table)?.kind === 'p'
          ? ON_EACH_PARTITION
          : `create index concurrently on ${table} (${columns.map(quoteIdentifier).join(', ')});`,
    })),
}

const checkValidates: Rule = {
  id: 'check-validates',
  severity: 'error',
  danger: 'Adding a CHECK reads the whole table, while reads and writes wait.',
  safeWay: 'ADD CONSTRAINT ... NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own.',
  grows: true,
  check: (input) => [
    ...added(input, 'CONSTR_CHECK')
      .filter((one) => isChecked(one) && scansTable(input, one.table))
      .map((one) => ({
        message: `reads and writes of ${one.table} wait until every row is checked`,
        relation: one.table,
        ...inTwoSteps(input, one),
      })),
    ...liveCommands(input, 'AT_AddColumn')
      .filter(
        ({ table, command }) =>
          hasCheck(command) && scansTable(input, table) && !rewrote(input, table, false),
      )
      .map(({ table }) => ({
        message: `reads and writes of ${table} wait until the new column is checked in every row`,
        relation: table,
        fix: 'add the column without CHECK, then the CHECK as NOT VALID, then VALIDATE CONSTRAINT',
      })),
  ],
}

/** SET NOT NULL by way of a CHECK that is validated without a lock that matters. */
function provenNotNull(table: string, column: string): string {
  const [name, proof] = [quoteIdentifier(column), quoteIdentifier(`${column}_not_null`)]
  return `alter table ${table} add constraint ${proof} check (${name} is not null) not valid;
alter table ${table} validate constraint ${proof};
alter table ${table} alter column ${name} set not null;
alter table ${table} drop constraint ${proof};`
}

const notNullScans: Rule = {
  id: 'not-null-scans',
  severity: 'error',
  danger: 'SET NOT NULL reads the whole table, while reads and writes wait.',
  safeWay:
    'ADD CONSTRAINT ... CHECK (column IS NOT NULL) NOT VALID, VALIDATE CONSTRAINT, then SET NOT NULL, which finds the proof and reads nothing; drop the CHECK. From PostgreSQL 18 on: ADD CONSTRAINT ... NOT NULL column NOT VALID, then VALIDATE CONSTRAINT.',
  grows: true,
  check: (input) => {
    const set = liveCommands(input, 'AT_SetNotNull').map(({ table, command: { name = '' } }) => ({
      table,
      name,
    }))
    const constraints = added(input, 'CONSTR_NOTNULL')
      .filter(({ constraint }) => constraint.skip_validation !== true)
      .map(({ table, constraint: { keys } }) => ({
        table,
        name: keys?.[0] !== undefined && 'String' in keys[0] ? (keys[0].String.sval ?? '') : '',
      }))
    return [...set, ...constraints]
      .filter(({ table }) => scansTable(input, table))
      .map(({ table, name }) => ({
        message: `reads and writes of ${table} wait until every row is checked`,
        relation: table,
        fix: provenNotNull(table, name),
      }))
  },
}

const validatesUnderLock: Rule = {
  id: 'validates-under-lock',
  severity: 'error',
  danger:
    'VALIDATE CONSTRAINT in the transaction that added the constraint reads the whole table while that transaction still holds its stronger lock.',
  safeWay: 'COMMIT between the two.',
  grows: true,
  check: (input) => {
    const { facts, script, at } = input
    if (facts.transaction === null) return []
    return liveCommands(input, 'AT_ValidateConstraint').flatMap(({ table, command: { name } }) => {
      const from = script.since[at]!
      const adding = script.facts
        .slice(from, at)
        .some((earlier, nth) =>
          added(
            { ...input, facts: earlier, at: from + nth },
            'CONSTR_FOREIGN',
            'CONSTR_CHECK',
            'CONSTR_NOTNULL',
          ).some(({ constraint }) => constraint.conname === name),
        )
      return adding
        ? [{ message: `the lock with which ${name} was added stays while ${table} is read`, relation: table }]
        : []
    })
  },
}

/** A key that builds its index under the lock of ALTER TABLE. */
function buildsIndex(input: RuleInput, type: ConstrType): Added[] {
  return added(input, type).filter(({ constraint }) => constraint.indexname === undefined)
}

const uniqueBuildsIndex: Rule = {
  id: 'unique-builds-index',
  severity: 'error',
  danger: 'Adding a UNIQUE constraint builds its index while reads and writes wait.',
  safeWay: 'CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... UNIQUE USING INDEX.',
  grows: true,
  check: (input) => [
    ...buildsIndex(input, 'CONSTR_UNIQUE').map((one) => ({
      message: `reads and writes of ${one.table} wait until the index is built`,
      relation: one.table,
      ...inTwoBuilds(input, one),
    })),
    ...liveCommands(input, 'AT_AddColumn').flatMap(({ table, command: { def } }) => {
      const constraints = def !== undefined && 'ColumnDef' in def ? (def.ColumnDef.constraints ?? []) : []
      const unique = constraints.some(
        (one) => 'Constraint' in one && /UNIQUE|PRIMARY/.test(one.Constraint.contype ?? ''),
      )
      return unique
        ? [
            {
              message: `reads and writes of ${table} wait until the new column’s index is built`,
              relation: table,
            },
          ]
        : []
    }),
  ],
}

const primaryKeyBuildsIndex: Rule = {
  id: 'primary-key-builds-index',
  severity: 'error',
  danger: 'Adding a primary key builds its index, and checks for NULL, while reads and writes wait.',
  safeWay:
    'Make the columns NOT NULL the safe way, CREATE UNIQUE INDEX CONCURRENTLY, then ADD PRIMARY KEY USING INDEX.',
  grows: true,
  check: (input) =>
    buildsIndex(input, 'CONSTR_PRIMARY').map(({ table }) => ({
      message: `reads and writes of ${table} wait until the index is built`,
      relation: table,
    })),
}

const primaryKeyChecksNull: Rule = {
  id: 'primary-key-checks-null',
  severity: 'error',
  danger:
    'ADD PRIMARY KEY USING INDEX on a column that may be NULL reads the whole table to make it NOT NULL, while reads and writes wait.',
  safeWay: 'Make the columns NOT NULL the safe way first.',
  grows: true,
  check: (input) =>
    added(input, 'CONSTR_PRIMARY')
      .filter(
        ({ table, constraint }) => constraint.indexname !== undefined && scansTable(input, table, false),
      )
      .map(({ table }) => ({
        message: `reads and writes of ${table} wait until every row is checked for NULL`,
        relation: table,
      })),
}

const exclusionBuildsIndex: Rule = {
  id: 'exclusion-builds-index',
  severity: 'error',
  danger:
    'Adding an EXCLUDE constraint builds its index while reads and writes wait, and PostgreSQL has no concurrent form of it.',
  safeWay:
    'Make a new table with the constraint and move the rows over in batches, or find a window in which the table may stand still.',
  grows: true,
  check: (input) =>
    added(input, 'CONSTR_EXCLUSION').map(({ table }) => ({
      message: `reads and writes of ${table} wait until the index is built`,
      relation: table,
    })),
}

const domainValidates: Rule = {
  id: 'domain-validates',
  severity: 'error',
  danger:
    'A constraint on a domain is checked in every row of every table that has a column of it, while writes to them wait.',
  safeWay:
    'ALTER DOMAIN ... ADD CONSTRAINT ... NOT VALID, then ALTER DOMAIN ... VALIDATE CONSTRAINT; or a CHECK on each table.',
  grows: true,
  check: (input) => {
    const { statement, scans } = input.facts
    if (!('AlterDomainStmt' in statement.node)) return []
    return scans.map((table) => ({
      message: `writes to ${table} wait until every row is checked`,
      relation: table,
    }))
  },
}

const constraintDropped: Rule = {
  id: 'constraint-dropped',
  severity: 'info',
  danger:
    'From then on rows come in that the constraint would have refused, and putting it back means checking them all.',
  safeWay:
    'Be sure that nothing relies on it: queries that count on uniqueness, foreign keys, upserts that name it.',
  check: (input) =>
    liveCommands(input, 'AT_DropConstraint').map(({ table, command: { name } }) => ({
      message: `${table} loses ${name}`,
    })),
}

/** Rules about constraints. */
export const CONSTRAINT_RULES: readonly Rule[] = [
  foreignKeyValidates,
  foreignKeyLocksBoth,
  foreignKeyWithoutIndex,
  checkValidates,
  notNullScans,
  validatesUnderLock,
  uniqueBuildsIndex,
  primaryKeyBuildsIndex,
  primaryKeyChecksNull,
  exclusionBuildsIndex,
  domainValidates,
  constraintDropped,
]
