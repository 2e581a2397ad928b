export { type Clock, systemClock, wallClock } from './sql/clock.ts'
export { type Execution, executionOf, hasOption, isConcurrent } from './sql/execution.ts'
export { type Finding } from './sql/finding.ts'
export { indexName, quoteIdentifier, quoteRelation } from './sql/identifiers.ts'
export {
  type Blocks,
  blocksOf,
  blocksWrites,
  type LockMode,
  type RelationLock,
  strongest,
  strongestFirst,
} from './sql/lock-modes.ts'
export { type ParsedStatement, parseScript } from './sql/parse-script.ts'
export { postgresError, sqlState } from './sql/postgres-error.ts'
export { type Hearing, onOneSession, type Queryable, type QueryAnswer } from './sql/queryable.ts'
export {
  inReadOnly,
  onOwnPath,
  onTargetPath,
  OWN_MARK,
  type ReadOnlySession,
  toOwnPath,
} from './sql/read-only.ts'
export { lineAt, type Token, tokenize } from './sql/sql-tokens.ts'
export {
  isOfRights,
  type Lacking,
  lacksRight,
  lacksRightOf,
  madeExtension,
  missingExtension,
  NEEDS_SUPERUSER,
  needsSuperuser,
  Untried,
} from './sql/superuser-statements.ts'
export { columnPath, operatorOf, stringConstant, unqualifiedSql, walk } from './sql/tree.ts'
export { withoutValues } from './sql/withheld-words.ts'
