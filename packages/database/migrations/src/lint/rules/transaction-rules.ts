import { executionOf, isConcurrent } from '@esa/database-catalog/sql'
import type { StatementFacts } from '../facts.ts'
import { liveAmong, liveName, type Rule, type RuleInput } from './rule.ts'

const concurrentlyInTransaction: Rule = {
  id: 'concurrently-in-transaction',
  severity: 'error',
  danger: 'PostgreSQL refuses CONCURRENTLY, VACUUM and their like inside a transaction.',
  safeWay: 'Put it after COMMIT, or in a file of its own that the migration tool does not wrap.',
  check: ({ facts: { statement, transaction } }) =>
    transaction !== null && executionOf(statement.node) === 'alone'
      ? [
          {
            message: `${isConcurrent(statement.node) ? 'CONCURRENTLY' : 'it'} is refused between BEGIN and COMMIT`,
          },
        ]
      : [],
}

const severalTablesLocked: Rule = {
  id: 'several-tables-locked',
  severity: 'warning',
  danger:
    'One transaction keeps several tables locked until its end; an application that takes them in another order deadlocks with it.',
  safeWay: 'A transaction for each table.',
  check: (input) => {
    const held = input.script.held[input.at]!
    const added = input.script.blocked[input.at]!.filter((table) => !held.includes(table))
    // Once a transaction is enough: at the statement that takes the second table.
    if (input.facts.transaction === null || held.length !== 1 || added.length === 0) return []
    return [{ message: `the lock on ${held.join(', ')} is kept as well until COMMIT` }]
  },
}

const workUnderLock: Rule = {
  id: 'work-under-lock',
  severity: 'warning',
  danger:
    'A lock that an earlier statement of the transaction took is kept while this one reads or writes many rows.',
  safeWay: 'COMMIT before it.',
  grows: true,
  check: (input) => {
    const { facts } = input
    if (/^(?:Insert|Update|Delete|Merge)Stmt$/.test(facts.statement.kind)) return []
    const held = input.script.held[input.at]!
    const slow = liveAmong(input, [...facts.scans, ...facts.rewrites])[0]
    if (held.length === 0 || slow === undefined) return []
    return [
      {
        message: `the lock on ${held.join(', ')} is kept while ${slow} is worked through`,
        relation: slow,
      },
    ]
  },
}

const backfillUnderLock: Rule = {
  id: 'backfill-under-lock',
  severity: 'error',
  danger:
    'Rows are changed in the transaction that changed the schema: its lock is kept until the last row is written.',
  safeWay: 'The schema in one transaction, the rows in batches after it.',
  grows: true,
  check: (input) => {
    const { node } = input.facts.statement
    const target =
      'UpdateStmt' in node
        ? node.UpdateStmt.relation
        : 'DeleteStmt' in node
          ? node.DeleteStmt.relation
          : 'MergeStmt' in node
            ? node.MergeStmt.relation
            : undefined
    const table = liveName(input, target)
    const held = input.script.held[input.at]!
    if (table === null || held.length === 0) return []
    return [
      {
        message: `the lock on ${held.join(', ')} is kept until every row of ${table} is done`,
        relation: table,
      },
    ]
  },
}

/** The first statement of its file that keeps writers of a live table waiting. */
function isFirstToBlock({ script, at }: RuleInput, without: (facts: StatementFacts) => boolean): boolean {
  const blocks = (nth: number): boolean => script.blocked[nth]!.length > 0 && without(script.facts[nth]!)
  return blocks(at) && script.facts.findIndex((_, nth) => blocks(nth)) === at
}

const lockTimeoutMissing: Rule = {
  id: 'lock-timeout-missing',
  severity: 'info',
  danger:
    'While a statement waits for its lock, later queries wait behind it: one long query elsewhere is enough to stop the table.',
  safeWay: 'SET lock_timeout before it, and try again when it strikes.',
  check: (input) =>
    isFirstToBlock(input, ({ lockTimeoutMs }) => lockTimeoutMs === 0)
      ? [
          {
            message: `it waits for ${input.script.blocked[input.at]!.join(', ')} without end, and all others behind it`,
            fix: "set lock_timeout = '2s';",
          },
        ]
      : [],
}

const statementTimeoutMissing: Rule = {
  id: 'statement-timeout-missing',
  severity: 'info',
  danger: 'A statement that takes longer than thought keeps its locks for as long.',
  safeWay: 'SET statement_timeout before it; 0 again before what runs CONCURRENTLY.',
  check: (input) =>
    isFirstToBlock(input, ({ statementTimeoutMs }) => statementTimeoutMs === 0)
      ? [{ message: 'nothing ends it when it takes too long', fix: "set statement_timeout = '1min';" }]
      : [],
}

const timeoutCancelsBuild: Rule = {
  id: 'timeout-cancels-build',
  severity: 'warning',
  danger:
    'lock_timeout also ends the waiting of CONCURRENTLY for older transactions, which is harmless to others, and statement_timeout ends the whole build: both leave an INVALID index.',
  safeWay: 'SET lock_timeout = 0 and SET statement_timeout = 0 before it.',
  check: ({ facts: { statement, lockTimeoutMs, statementTimeoutMs } }) => {
    if (!('IndexStmt' in statement.node || 'ReindexStmt' in statement.node) || !isConcurrent(statement.node))
      return []
    return [
      { name: 'lock_timeout', ms: lockTimeoutMs },
      { name: 'statement_timeout', ms: statementTimeoutMs },
    ]
      .filter(({ ms }) => ms > 0)
      .map(({ name, ms }) => ({
        message: `by ${name} it is given up after ${ms} ms, and leaves an INVALID index`,
        fix: `set ${name} = 0;`,
      }))
  },
}

function transactionKind({ statement: { node } }: StatementFacts): string {
  return 'TransactionStmt' in node ? (node.TransactionStmt.kind ?? '') : ''
}

const transactionNested: Rule = {
  id: 'transaction-nested',
  severity: 'warning',
  danger:
    'PostgreSQL has no transactions inside transactions: an inner BEGIN does nothing, and the inner COMMIT ends the outer one.',
  safeWay: 'One BEGIN and one COMMIT; SAVEPOINT inside.',
  check: ({ facts, script, at }) => {
    const kind = transactionKind(facts)
    const begins = /BEGIN|START/.test(kind)
    if (!begins && !/STMT_(?:COMMIT|ROLLBACK)$/.test(kind)) return []
    const before = script.facts
      .slice(0, at)
      .map(transactionKind)
      .findLast((one) => /BEGIN|START|STMT_(?:COMMIT|ROLLBACK)$/.test(one))
    // A tool that wraps the file has begun one before its first statement.
    const wrapped = script.facts[0]!.transaction !== null
    const inside = before === undefined ? wrapped : /BEGIN|START/.test(before)
    if (begins === inside)
      return [{ message: begins ? 'a transaction is open already' : 'no transaction is open' }]
    return []
  },
}

const transactionLeftOpen: Rule = {
  id: 'transaction-left-open',
  severity: 'error',
  danger: 'What is not committed at the end of the file is rolled back.',
  safeWay: 'COMMIT at the end.',
  check: ({ script, at }) => {
    if (at !== script.facts.length - 1) return []
    const last = script.facts
      .map(transactionKind)
      .findLast((one) => /BEGIN|START|STMT_(?:COMMIT|ROLLBACK)$/.test(one))
    return last !== undefined && /BEGIN|START/.test(last)
      ? [{ message: 'the file ends before COMMIT: nothing of it stays' }]
      : []
  },
}

const alterTablesApart: Rule = {
  id: 'alter-tables-apart',
  severity: 'info',
  danger:
    'Each ALTER TABLE waits for the lock of its own, and writes the table again by itself where it does.',
  safeWay: 'One ALTER TABLE with several commands.',
  check: (input) => {
    const { merged, statement } = input.facts
    const { node } = statement
    if (merged === undefined || !('AlterTableStmt' in node)) return []
    const table = liveName(input, node.AlterTableStmt.relation)
    if (table === null) return []
    const message = `the statement before could do this to ${table} as well: tried as one, it comes to the same`
    return [{ message, fix: `${merged};` }]
  },
}

const settingWithoutEffect: Rule = {
  id: 'setting-without-effect',
  severity: 'warning',
  danger:
    'SET LOCAL, SET TRANSACTION and SET CONSTRAINTS hold until the transaction ends: outside one PostgreSQL warns and they have no effect, so a time-out set that way protects nothing.',
  safeWay:
    'BEGIN before it, or SET without LOCAL; --assume-in-transaction where the tool wraps each file in a transaction.',
  check: ({ facts: { statement, transaction } }) => {
    const { node } = statement
    if (transaction !== null) return []
    if ('ConstraintsSetStmt' in node) return [{ message: 'outside a transaction it has no effect' }]
    const set = 'VariableSetStmt' in node ? node.VariableSetStmt : {}
    const ofTransaction = set.kind === 'VAR_SET_MULTI' && set.name === 'TRANSACTION'
    return set.is_local === true || ofTransaction
      ? [{ message: 'outside a transaction it has no effect' }]
      : []
  },
}

/** Rules about locks and transactions. */
export const TRANSACTION_RULES: readonly Rule[] = [
  concurrentlyInTransaction,
  severalTablesLocked,
  workUnderLock,
  backfillUnderLock,
  lockTimeoutMissing,
  statementTimeoutMissing,
  timeoutCancelsBuild,
  transactionNested,
  transactionLeftOpen,
  settingWithoutEffect,
  alterTablesApart,
]
