import type { ParsedStatement, RelationLock } from '@esa/database-catalog/sql'
import type { StatementFacts } from './facts.ts'
import { Relations } from './observe.ts'

type Unmeasured = Pick<
  StatementFacts,
  'locks' | 'rewrites' | 'scans' | 'created' | 'failure' | 'method' | 'untried'
>

/** What is known of a statement that is not tried. Source: the reference page of COPY; the others lock no relation. */
export function unmeasured({ node }: ParsedStatement, before: Relations): Unmeasured {
  const copy = 'CopyStmt' in node ? node.CopyStmt : undefined
  const relation = copy?.relation === undefined ? undefined : before.find(copy.relation)?.name
  const locks: RelationLock[] =
    relation === undefined
      ? []
      : [{ relation, mode: copy?.is_from === true ? 'RowExclusiveLock' : 'AccessShareLock' }]
  return {
    locks,
    rewrites: [],
    scans: [],
    created: [],
    failure: null,
    method: 'parsed',
    untried:
      copy === undefined ? 'it reaches beyond the database' : 'its rows are not in the rehearsal database',
  }
}

/** What a script's text says of its statements when nothing is run. */
export function factsUntried(statements: readonly ParsedStatement[], wrapped: boolean): StatementFacts[] {
  const before = new Relations([], [])
  let [transaction, begun]: [number | null, number] = wrapped ? [1, 1] : [null, 0]
  return statements.map((statement) => {
    const kind = 'TransactionStmt' in statement.node ? statement.node.TransactionStmt.kind : undefined
    if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') transaction ??= ++begun
    if (kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK') transaction = null
    const facts = unmeasured(statement, before)
    return { ...facts, statement, transaction, before, lockTimeoutMs: 0, statementTimeoutMs: 0 }
  })
}
