import type { ColumnDef, TypeName } from '@pgsql/types'
import type { Rule, RuleInput } from './rule.ts'

interface Column {
  name: string
  type: string
  /** True when the type has a limit in parentheses. */
  limited: boolean
  isKey: boolean
}

/** Columns that a statement makes, in new tables and old ones. */
function columnsOf({ facts: { statement } }: RuleInput): Column[] {
  const { node } = statement
  if ('CreateStmt' in node) {
    const elements = node.CreateStmt.tableElts ?? []
    const keys = new Set(
      elements
        .flatMap((element) => ('Constraint' in element ? [element.Constraint] : []))
        .filter(({ contype }) => contype === 'CONSTR_PRIMARY')
        .flatMap(({ keys: names }) => names ?? [])
        .flatMap((key) => ('String' in key ? (key.String.sval ?? '') : '')),
    )
    return elements.flatMap((element) => ('ColumnDef' in element ? [columnOf(element.ColumnDef, keys)] : []))
  }
  if (!('AlterTableStmt' in node)) return []
  return (node.AlterTableStmt.cmds ?? []).flatMap((cmd) => {
    const { subtype, def, name } = 'AlterTableCmd' in cmd ? cmd.AlterTableCmd : {}
    if (def === undefined || !('ColumnDef' in def)) return []
    if (subtype === 'AT_AddColumn') return [columnOf(def.ColumnDef)]
    return subtype === 'AT_AlterColumnType' ? [columnOf({ colname: name ?? '', ...def.ColumnDef })] : []
  })
}

function columnOf(
  { colname = '', typeName, constraints = [] }: ColumnDef,
  keys?: ReadonlySet<string>,
): Column {
  const types = constraints.flatMap((one) => ('Constraint' in one ? [one.Constraint] : []))
  return {
    name: colname,
    type: typeOf(typeName),
    limited: (typeName?.typmods ?? []).length > 0,
    isKey:
      keys?.has(colname) === true ||
      types.some(({ contype }) => contype === 'CONSTR_PRIMARY' || contype === 'CONSTR_IDENTITY'),
  }
}

function typeOf(type: TypeName | undefined): string {
  const last = type?.names?.at(-1)
  return last !== undefined && 'String' in last ? (last.String.sval ?? '') : ''
}

/** A rule about the type of a column: a taste with a reason, never more than a hint. */
function typeRule(
  rule: Pick<Rule, 'id' | 'danger' | 'safeWay'>,
  wrong: (column: Column) => boolean,
  message: (column: Column) => string,
): Rule {
  return {
    ...rule,
    severity: 'info',
    check: (input) =>
      columnsOf(input)
        .filter(wrong)
        .map((column) => ({ message: message(column) })),
  }
}

const charType = typeRule(
  {
    id: 'prefer-text-over-char',
    danger: 'char(n) is filled up with blanks, and compares as if they were not there.',
    safeWay: 'text, with a CHECK on its length where that matters.',
  },
  ({ type }) => type === 'bpchar',
  ({ name }) => `${name} is char(n)`,
)

const varcharLimit = typeRule(
  {
    id: 'prefer-text-over-varchar',
    danger: 'A smaller limit later writes the whole table again; varchar(n) is not faster than text.',
    safeWay: 'text, with a CHECK on its length as NOT VALID and VALIDATE.',
  },
  ({ type, limited }) => type === 'varchar' && limited,
  ({ name }) => `${name} is varchar(n)`,
)

const integerKey = typeRule(
  {
    id: 'prefer-bigint-key',
    danger:
      'An integer key ends at 2,147,483,647, and then no row can be inserted; to widen it writes the table again.',
    safeWay: 'bigint, also for columns that refer to it.',
  },
  ({ type, isKey }) => (isKey && /^int[24]$/.test(type)) || /^(?:small)?serial[24]?$/.test(type),
  ({ name }) => `${name} ends at 2,147,483,647 or before`,
)

const smallInteger = typeRule(
  {
    id: 'prefer-integer-over-smallint',
    danger: 'smallint ends at 32,767, and two bytes saved are mostly lost again to alignment.',
    safeWay: 'integer or bigint.',
  },
  ({ type, isKey }) => type === 'int2' && !isKey,
  ({ name }) => `${name} ends at 32,767`,
)

const serialType = typeRule(
  {
    id: 'prefer-identity',
    danger:
      'The sequence of a serial column has rights of its own that are forgotten, and anybody may write a number that it gives again.',
    safeWay: 'bigint GENERATED ALWAYS AS IDENTITY.',
  },
  ({ type }) => /^(?:small|big)?serial[248]?$/.test(type),
  ({ name }) => `${name} is a serial`,
)

const timestampType = typeRule(
  {
    id: 'prefer-timestamptz',
    danger:
      'timestamp does not say which instant is meant: it reads the same in every time zone, and is wrong in all but one.',
    safeWay: 'timestamptz.',
  },
  ({ type }) => type === 'timestamp',
  ({ name }) => `${name} is timestamp without time zone`,
)

const jsonType = typeRule(
  {
    id: 'prefer-jsonb',
    danger:
      'json has no equality: SELECT DISTINCT, GROUP BY and UNION over the table fail, and GIN cannot index it.',
    safeWay: 'jsonb.',
  },
  ({ type }) => type === 'json',
  ({ name }) => `${name} is json`,
)

const moneyType = typeRule(
  {
    id: 'prefer-numeric-over-money',
    danger: 'What money shows, and how it rounds, depends on lc_monetary of the session.',
    safeWay: 'numeric, or whole cents in bigint, with the currency beside it.',
  },
  ({ type }) => type === 'money',
  ({ name }) => `${name} is money`,
)

const timetzType = typeRule(
  {
    id: 'prefer-time',
    danger:
      'A time of day with an offset but without a date fits no real place: offsets change with the season.',
    safeWay: 'timestamptz, or time.',
  },
  ({ type }) => type === 'timetz',
  ({ name }) => `${name} is time with time zone`,
)

const enumType: Rule = {
  id: 'enum-type-created',
  severity: 'info',
  danger: 'A value of an enum can be added and renamed, never removed or moved.',
  safeWay: 'A table of values with a foreign key, or text with a CHECK, where values come and go.',
  check: ({ facts: { statement } }) =>
    statement.kind === 'CreateEnumStmt' ? [{ message: 'its values can never be removed' }] : [],
}

const domainConstraint: Rule = {
  id: 'domain-with-constraint',
  severity: 'info',
  danger: 'A constraint of a domain cannot be changed without checking every table that uses it.',
  safeWay: 'A CHECK on each table.',
  check: ({ facts: { statement } }) => {
    const constraints =
      'CreateDomainStmt' in statement.node ? (statement.node.CreateDomainStmt.constraints ?? []) : []
    return constraints.some((one) => 'Constraint' in one && one.Constraint.contype === 'CONSTR_CHECK')
      ? [{ message: 'its CHECK binds every table that will use it' }]
      : []
  },
}

const noPrimaryKey: Rule = {
  id: 'table-without-primary-key',
  severity: 'info',
  danger: 'Without a primary key logical replication cannot update or delete, and no row can be named.',
  safeWay: 'id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, or a natural key.',
  check: ({ facts: { statement }, script, at }) => {
    const table = 'CreateStmt' in statement.node ? statement.node.CreateStmt : undefined
    if (table === undefined || table.partbound !== undefined || table.inhRelations !== undefined) return []
    if (table.relation?.relpersistence === 't') return []
    const name = table.relation?.relname ?? ''
    const whole = JSON.stringify(table)
    const later = script.facts
      .slice(at + 1)
      .some(
        ({ statement: { node } }) =>
          'AlterTableStmt' in node &&
          node.AlterTableStmt.relation?.relname === name &&
          JSON.stringify(node).includes('CONSTR_PRIMARY'),
      )
    const keyed = later || whole.includes('CONSTR_PRIMARY') || whole.includes('TableLikeClause')
    return keyed ? [] : [{ message: `${name} has no primary key` }]
  },
}

/** Rules about types and shapes: hints for what is new. */
export const TYPE_RULES: readonly Rule[] = [
  charType,
  varcharLimit,
  integerKey,
  smallInteger,
  serialType,
  timestampType,
  jsonType,
  moneyType,
  timetzType,
  enumType,
  domainConstraint,
  noPrimaryKey,
]
