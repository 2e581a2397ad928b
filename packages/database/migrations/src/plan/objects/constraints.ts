import { quoteIdentifier } from '@esa/database-catalog/sql'
import { newName, oldName } from '@esa/database-catalog'
import type { Constraint, Table } from '../model/catalog.ts'
import { alter } from './column-sql.ts'
import type { TableDifference } from '../model/differences.ts'
import { type Draft, type Ground, PLACE } from '../model/draft.ts'
import { buildIndex, createConcurrently } from './indexes.ts'
import type { PhaseName } from '../model/plan.ts'

/** Constraints that are new, gone, renamed or differ. `elsewhere` tells those that another recipe replaces. */
export function planConstraints(
  ground: Ground,
  table: TableDifference,
  elsewhere: (name: string) => boolean,
): void {
  const { draft } = ground
  const { relation } = table.from
  const gone = table.constraints.flatMap(({ from, to }) => (from && !to ? [from] : []))
  for (const { from, to } of table.constraints) {
    if (to === undefined || elsewhere(to.name)) continue
    if (from !== undefined) changeConstraint(ground, table.from, from, to)
    else {
      const twin = gone.findIndex(({ type, definition }) => type === to.type && definition === to.definition)
      if (twin >= 0) renameConstraint(draft, relation, gone.splice(twin, 1)[0]!.name, to.name)
      else {
        draft.change(`add-${KINDS[to.type]}`, relation, to.name, `${to.name} ${to.definition} is new`)
        addConstraint(ground, table.from, to)
      }
    }
  }
  for (const constraint of gone) {
    if (elsewhere(constraint.name) || goesWithColumn(table, constraint)) continue
    draft.change(`drop-${KINDS[constraint.type]}`, relation, constraint.name, `${constraint.name} is dropped`)
    dropConstraint(draft, table.from, constraint)
  }
}

const KINDS = { p: 'primary-key', u: 'unique', c: 'check', f: 'foreign-key', x: 'exclusion' }

/** Dropping a column drops what is about it, except keys that others point to, which must go first. */
function goesWithColumn({ columns }: TableDifference, { columns: own, type }: Constraint): boolean {
  const dropped = new Set(columns.flatMap(({ from, to }) => (to === undefined ? [from!.name] : [])))
  return type !== 'p' && type !== 'u' && own.some((name) => dropped.has(name))
}

/** Adds a constraint without a lock that outlasts a definition. */
function addConstraint(ground: Ground, table: Table, constraint: Constraint): void {
  const { draft } = ground
  const { relation } = table
  const { name, type } = constraint
  if (type === 'x') return leaveExclusion(draft, table, constraint)
  if (type === 'p' || type === 'u') return addKey(draft, table, constraint)
  addNotValid(draft, relation, constraint, name)
}

/** Rows written from now on are checked at once, those that are there beside the writers. */
export function addNotValid(draft: Draft, relation: string, constraint: Constraint, name: string): void {
  const quoted = quoteIdentifier(name)
  draft.statement(
    'validate',
    {
      about: 'holds for rows that are written from now on',
      sql: alter(relation, `ADD CONSTRAINT ${quoted} ${constraint.definition} NOT VALID`),
      rollback: alter(relation, `DROP CONSTRAINT ${quoted}`),
    },
    PLACE.last,
  )
  if (!constraint.validated) return
  draft.statement(
    'validate',
    {
      about: 'reads the rows beside the writers',
      sql: alter(relation, `VALIDATE CONSTRAINT ${quoted}`),
      rollback: null,
    },
    PLACE.last,
  )
}

/** What ADD CONSTRAINT ... USING INDEX says after the index. */
export function usingIndex({ type, definition }: Constraint, name: string, index: string): string {
  const deferrable = /(?: NOT)? DEFERRABLE.*$/.exec(definition)?.[0] ?? ''
  const kind = type === 'p' ? 'PRIMARY KEY' : 'UNIQUE'
  return `ADD CONSTRAINT ${quoteIdentifier(name)} ${kind} USING INDEX ${quoteIdentifier(index)}${deferrable}`
}

function addKey(draft: Draft, table: Table, constraint: Constraint): void {
  const { relation } = table
  if (table.partitionKey !== null) {
    return draft.leave(
      `${constraint.name} on ${relation}`,
      'a key of a partitioned table cannot be built CONCURRENTLY',
      'build a unique index on each partition CONCURRENTLY, attach them, then ADD CONSTRAINT ... USING INDEX is not offered by PostgreSQL: add it in a quiet hour',
    )
  }
  const index = { name: constraint.name, unique: true, tail: constraint.indexTail! }
  buildIndex(draft, 'validate', table, index)
  const primary = constraint.type === 'p'
  // A primary key needs its columns NOT NULL, which comes with the switch.
  if (primary) draft.wayBack('switch', createConcurrently(index), { transaction: false })
  draft.statement(
    primary ? 'switch' : 'validate',
    {
      about: 'the index that was built becomes the constraint',
      sql: alter(relation, usingIndex(constraint, constraint.name, constraint.name)),
      rollback: alter(relation, `DROP CONSTRAINT ${quoteIdentifier(constraint.name)}`),
    },
    primary ? PLACE.usual : PLACE.last,
  )
}

/** Drops a constraint at the switch, with a way back that blocks nothing. */
function dropConstraint(draft: Draft, { relation }: Table, constraint: Constraint): void {
  const { name, type, definition, indexTail, validated } = constraint
  const drop = alter(relation, `DROP CONSTRAINT ${quoteIdentifier(name)}`)
  const about = `${name} holds no longer`
  if (type === 'x') {
    draft.statement('switch', {
      about,
      sql: drop,
      rollback: alter(relation, `ADD CONSTRAINT ${quoteIdentifier(name)} ${definition}`),
    })
    return
  }
  if (type === 'p' || type === 'u') {
    draft.statement('switch', {
      about,
      sql: drop,
      rollback: alter(relation, usingIndex(constraint, name, name)),
    })
    draft.wayBack('switch', createConcurrently({ name, unique: true, tail: indexTail! }), {
      transaction: false,
    })
    return
  }
  if (validated) draft.wayBack('switch', alter(relation, `VALIDATE CONSTRAINT ${quoteIdentifier(name)}`))
  draft.statement('switch', {
    about,
    sql: drop,
    rollback: alter(relation, `ADD CONSTRAINT ${quoteIdentifier(name)} ${definition} NOT VALID`),
  })
}

function renameConstraint(draft: Draft, relation: string, from: string, to: string): void {
  draft.change('rename-constraint', relation, from, `constraint ${from} is called ${to}`)
  draft.statement('switch', {
    about: 'a name only',
    sql: renaming(relation, from, to),
    rollback: renaming(relation, to, from),
  })
}

/** `ALTER TABLE ... RENAME CONSTRAINT`, which renames its index too. */
export function renaming(relation: string, from: string, to: string): string {
  return alter(relation, `RENAME CONSTRAINT ${quoteIdentifier(from)} TO ${quoteIdentifier(to)}`)
}

function changeConstraint(ground: Ground, table: Table, from: Constraint, to: Constraint): void {
  const { draft } = ground
  const { relation } = table
  draft.change(
    `change-${KINDS[to.type]}`,
    relation,
    to.name,
    `${to.name}: ${from.definition} -> ${to.definition}`,
  )
  if (from.definition === to.definition && from.type === to.type)
    return onlyValidity(draft, relation, from, to)
  if (from.type !== to.type || to.type === 'x') {
    return draft.leave(
      `${to.name} on ${relation}`,
      'the same name for another kind of constraint',
      'give the new one another name',
    )
  }
  if (to.type === 'p') return exchangePrimaryKey(draft, table, from, to)
  const [fresh, old] = [newName(to.name), oldName(to.name)]
  addConstraintAs(draft, table, to, fresh)
  draft.statement('switch', {
    about: 'the new constraint takes the name',
    sql: `${renaming(relation, to.name, old)}\n${renaming(relation, fresh, to.name)}`,
    rollback: `${renaming(relation, to.name, fresh)}\n${renaming(relation, old, to.name)}`,
  })
  dropOld(ground, 'contract', relation, from, old)
}

/** Builds and adds a unique, check or foreign key constraint under another name in the validate phase. */
export function addConstraintAs(draft: Draft, table: Table, constraint: Constraint, name: string): void {
  if (constraint.type !== 'u') return addNotValid(draft, table.relation, constraint, name)
  buildIndex(draft, 'validate', table, { name, unique: true, tail: constraint.indexTail! })
  draft.statement(
    'validate',
    {
      about: 'the index that was built becomes a constraint',
      sql: alter(table.relation, usingIndex(constraint, name, name)),
      rollback: alter(table.relation, `DROP CONSTRAINT ${quoteIdentifier(name)}`),
    },
    PLACE.last,
  )
}

function dropOld(
  { draft, finalName }: Ground,
  phase: PhaseName,
  relation: string,
  from: Constraint,
  old: string,
): void {
  const last = finalName(relation)
  const keyed = from.type === 'u'
  if (!keyed && from.validated)
    draft.wayBack(phase, alter(last, `VALIDATE CONSTRAINT ${quoteIdentifier(old)}`))
  draft.statement(phase, {
    about: 'the old rule holds no longer',
    sql: alter(last, `DROP CONSTRAINT ${quoteIdentifier(old)}`),
    rollback: keyed
      ? alter(last, usingIndex(from, old, old))
      : alter(last, `ADD CONSTRAINT ${quoteIdentifier(old)} ${from.definition} NOT VALID`),
  })
  if (keyed)
    draft.wayBack(phase, createConcurrently({ name: old, unique: true, tail: from.indexTail! }), {
      transaction: false,
    })
}

/** A table has one primary key: the old one goes and the new one comes in one transaction. */
function exchangePrimaryKey(draft: Draft, table: Table, from: Constraint, to: Constraint): void {
  const { relation } = table
  const index = { name: newName(to.name), unique: true, tail: to.indexTail! }
  buildIndex(draft, 'validate', table, index)
  draft.wayBack('switch', createConcurrently(index), { transaction: false })
  const drop = alter(relation, `DROP CONSTRAINT ${quoteIdentifier(from.name)}`)
  draft.statement('switch', {
    about: 'one primary key goes, the other comes: its index is there',
    sql: `${drop}\n${alter(relation, usingIndex(to, to.name, index.name))}`,
    rollback: `${drop}\n${alter(relation, usingIndex(from, from.name, oldName(from.name)))}`,
  })
  draft.wayBack(
    'switch',
    createConcurrently({ name: oldName(from.name), unique: true, tail: from.indexTail! }),
    { transaction: false },
  )
}

function onlyValidity(draft: Draft, relation: string, from: Constraint, to: Constraint): void {
  if (from.validated || !to.validated) {
    return draft.leave(
      `${to.name} on ${relation}`,
      'a constraint that is valid is not made NOT VALID',
      'nothing: a valid one does the same',
    )
  }
  draft.statement('validate', {
    about: 'reads the rows beside the writers',
    sql: alter(relation, `VALIDATE CONSTRAINT ${quoteIdentifier(to.name)}`),
    rollback: null,
  })
}

function leaveExclusion(draft: Draft, { relation }: Table, { name, definition }: Constraint): void {
  draft.leave(
    `exclusion constraint ${name} on ${relation}`,
    'PostgreSQL cannot build one beside writers: it has neither NOT VALID nor USING INDEX for EXCLUDE',
    `ALTER TABLE ${relation} ADD CONSTRAINT ${name} ${definition} in a quiet hour blocks all access while its index is built`,
  )
}
