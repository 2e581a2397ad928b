import { type Queryable, sqlState, type ParsedStatement } from '@esa/database-catalog/sql'

/** Statements that make, change or take something that has a name. */
const MAKES = /^(?:Create|Define|Composite|Alter|Drop|Rename|Index|View|Rule)\w*$/

/** Words of DROP ... IF EXISTS that are not a name. */
const NO_NAMES = new Set(
  'alter cascade column constraint drop exists if index on only public table'.split(' '),
)

/** Stopped because it took too long, or lacked a right: says nothing about a second run. */
const OTHER_REASON = /^(?:57|42501)/

/**
 * True when a statement that just ran fails when it is run again, and no DROP ... IF EXISTS of its file before it clears
 * the way. All that is tried is rolled back.
 */
export async function failsAgain(
  session: Queryable,
  statement: ParsedStatement,
  earlier: readonly ParsedStatement[],
): Promise<boolean> {
  if (!MAKES.test(statement.kind)) return false
  if (await runs(session, [statement])) return false
  const words = namesIn(statement)
  const clearing = earlier.filter(
    (one) => isGuardedDrop(one) && namesIn(one).some((word) => words.includes(word)),
  )
  return clearing.length === 0 || !(await runs(session, [...clearing, statement]))
}

async function runs(session: Queryable, statements: readonly ParsedStatement[]): Promise<boolean> {
  await session.query('SAVEPOINT esa_again')
  try {
    for (const { text } of statements) await session.query(text)
    return true
  } catch (error) {
    return OTHER_REASON.test(sqlState(error) ?? '')
  } finally {
    await session.query('ROLLBACK TO SAVEPOINT esa_again')
  }
}

function namesIn({ text }: ParsedStatement): string[] {
  return (text.toLowerCase().match(/\w+/g) ?? []).filter((word) => !NO_NAMES.has(word))
}

function isGuardedDrop({ node }: ParsedStatement): boolean {
  if ('DropStmt' in node) return node.DropStmt.missing_ok === true && node.DropStmt.concurrent !== true
  if (!('AlterTableStmt' in node)) return false
  return (node.AlterTableStmt.cmds ?? []).every(
    (cmd) =>
      'AlterTableCmd' in cmd &&
      cmd.AlterTableCmd.missing_ok === true &&
      /Drop/.test(cmd.AlterTableCmd.subtype ?? ''),
  )
}
