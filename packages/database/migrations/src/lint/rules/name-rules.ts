import type { Node, ObjectType } from '@pgsql/types'
import { quoteIdentifier } from '@esa/database-catalog/sql'
import { liveName, type Rule, type RuleInput } from './rule.ts'

/** Bytes of a name that PostgreSQL keeps. Source: NAMEDATALEN - 1. */
const NAME_BYTES_MAX = 63

/** A quoted name, or a run of as few characters as may take more than that many bytes. */
const MAYBE_LONG = /"|[\w$\u0080-\uffff]{21}/

/** Renaming these breaks no one who does not name them in a statement of their own. */
const QUIET: ReadonlySet<ObjectType> = new Set([
  'OBJECT_INDEX',
  'OBJECT_TABCONSTRAINT',
  'OBJECT_TRIGGER',
  'OBJECT_POLICY',
])

function renameOf({ facts: { statement } }: RuleInput): Extract<Node, { RenameStmt: unknown }>['RenameStmt'] {
  return 'RenameStmt' in statement.node ? statement.node.RenameStmt : {}
}

const tableRenamed: Rule = {
  id: 'table-renamed',
  severity: 'error',
  danger: 'A running application that uses the old name fails until it is deployed again.',
  safeWay: 'Rename it and make a view of the old name, in one transaction; drop the view when it is unused.',
  check: (input) => {
    const { renameType, relation, newname } = renameOf(input)
    const table = /OBJECT_(?:TABLE|VIEW|MATVIEW)$/.test(renameType ?? '') ? liveName(input, relation) : null
    if (table === null || newname === undefined || keepsOldName(input, relation?.relname)) return []
    const renamed = quoteIdentifier(newname)
    // It stays in its schema, which need not be on the search path.
    const schema = /^(?:"(?:[^"]|"")+"|[^".]+)\.(?=.)/.exec(table)?.[0] ?? ''
    return [
      {
        message: `queries of ${table} fail from then on`,
        fix: `begin;\nalter table ${table} rename to ${renamed};\ncreate view ${table} as select * from ${schema}${renamed};\ncommit;`,
      },
    ]
  },
}

/** True when the same transaction makes a view of the old name, or renames another table to it: there is no gap. */
function keepsOldName({ script, at, facts: { transaction } }: RuleInput, name: string | undefined): boolean {
  return (
    transaction !== null &&
    script.facts.slice(at + 1).some(({ transaction: other, statement: { node } }) => {
      if (other !== transaction) return false
      if ('ViewStmt' in node) return node.ViewStmt.view?.relname === name
      return 'RenameStmt' in node && node.RenameStmt.newname === name
    })
  )
}

const columnRenamed: Rule = {
  id: 'column-renamed',
  severity: 'error',
  danger: 'A running application that uses the old name fails until it is deployed again.',
  safeWay:
    'A new column that a trigger keeps equal, filled in batches; move the application over; drop the old one.',
  check: (input) => {
    const { renameType, relationType, relation, subname } = renameOf(input)
    const table =
      renameType === 'OBJECT_COLUMN' && relationType !== 'OBJECT_INDEX' ? liveName(input, relation) : null
    return table === null ? [] : [{ message: `queries of ${subname} of ${table} fail from then on` }]
  },
}

const objectRenamed: Rule = {
  id: 'object-renamed',
  severity: 'warning',
  danger: 'Uses of the old name of a schema, type, function, sequence or role fail from then on.',
  safeWay: 'Make the new one beside the old, move all users over, then drop the old.',
  check: (input) => {
    const { renameType, subname, newname } = renameOf(input)
    if (renameType === undefined || QUIET.has(renameType)) return []
    if (/OBJECT_(?:TABLE|VIEW|MATVIEW|COLUMN)$/.test(renameType)) return []
    return [{ message: `uses of ${subname ?? 'the old name'} instead of ${newname} fail from then on` }]
  },
}

const schemaChanged: Rule = {
  id: 'schema-changed',
  severity: 'error',
  danger: 'Uses by its old schema, or by search_path, fail from then on.',
  safeWay: 'A view of the old name in the old schema, in the same transaction.',
  check: (input) => {
    const { node } = input.facts.statement
    if (!('AlterObjectSchemaStmt' in node)) return []
    const { relation, newschema, objectType } = node.AlterObjectSchemaStmt
    const name = relation === undefined ? 'it' : liveName(input, relation)
    return name === null || objectType === 'OBJECT_EXTENSION'
      ? []
      : [{ message: `${name} is found in ${newschema} only from then on` }]
  },
}

const enumValueRenamed: Rule = {
  id: 'enum-value-renamed',
  severity: 'warning',
  danger: 'A running application that writes or compares the old value fails.',
  safeWay: 'Add the new value, move rows and application over, and leave the old one unused.',
  check: ({ facts: { statement } }) =>
    'AlterEnumStmt' in statement.node && statement.node.AlterEnumStmt.oldVal !== undefined
      ? [{ message: `uses of '${statement.node.AlterEnumStmt.oldVal}' fail from then on` }]
      : [],
}

const enumValueUsed: Rule = {
  id: 'enum-value-used-in-transaction',
  severity: 'error',
  danger: 'A value that a transaction adds to an enum cannot be used before the transaction ends.',
  safeWay: 'COMMIT between the two.',
  check: ({ facts, script, at }) => {
    if (facts.transaction === null) return []
    const values = script.facts
      .slice(script.since[at], at)
      .flatMap(({ statement: { node } }) =>
        'AlterEnumStmt' in node ? (node.AlterEnumStmt.newVal ?? []) : [],
      )
    return values
      .filter(
        (value) => facts.statement.text.includes(`'${value}'`) && facts.statement.kind !== 'AlterEnumStmt',
      )
      .map((value) => ({ message: `'${value}' cannot be used yet` }))
  },
}

const enumValuePlace: Rule = {
  id: 'enum-value-place',
  severity: 'info',
  danger: 'A new value sorts after all others, which < and ORDER BY go by, and it cannot be moved later.',
  safeWay: 'Give its position: BEFORE or AFTER a value.',
  check: ({ facts: { statement } }) => {
    const change = 'AlterEnumStmt' in statement.node ? statement.node.AlterEnumStmt : undefined
    return change?.newVal === undefined || change.oldVal !== undefined || change.newValNeighbor !== undefined
      ? []
      : [{ message: `'${change.newVal}' sorts after all other values` }]
  },
}

const nameTooLong: Rule = {
  id: 'name-too-long',
  severity: 'warning',
  danger: `PostgreSQL keeps ${NAME_BYTES_MAX} bytes of a name and cuts the rest off: two long names may become one.`,
  safeWay: 'A shorter name.',
  check: ({ facts: { statement } }) => {
    // Few statements hold anything so long, and cutting one into words takes its time.
    if (!MAYBE_LONG.test(statement.text)) return []
    const words = statement.text.matchAll(
      /"((?:[^"]|"")+)"|'(?:[^']|'')*'|\$(\w*)\$[\s\S]*?\$\2\$|--[^\n]*|\b[a-z_\u0080-\uffff][\w$\u0080-\uffff]*/gi,
    )
    const long = [...words]
      .filter(([word]) => !/^['$-]/.test(word))
      .map(([word, quoted]) => quoted ?? word)
      .filter((name) => new TextEncoder().encode(name).length > NAME_BYTES_MAX)
    return [...new Set(long)].map((name) => ({
      message: `${name} is longer than ${NAME_BYTES_MAX} bytes and is cut off`,
    }))
  },
}

/** Rules about names and enum values. */
export const NAME_RULES: readonly Rule[] = [
  tableRenamed,
  columnRenamed,
  objectRenamed,
  schemaChanged,
  enumValueRenamed,
  enumValueUsed,
  enumValuePlace,
  nameTooLong,
]
