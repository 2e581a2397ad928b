import type { ParsedStatement } from '../sql/parse-script.ts'
import { onOneSession, type Queryable } from '../queryable.ts'
import { type Execution, executionOf } from './execution.ts'
import type { StatementFacts } from './facts.ts'
import { type Look, look } from './observe.ts'
import { type Attempt, finishIn, type Stage, tryAlone, tryInside } from './try-statement.ts'
import { unmeasured } from './unmeasured.ts'

/** How a script is tried: as it is written, or each statement in a transaction of its own. */
export type Manner = 'as written' | 'apart'

/** What is said of a statement that ran, but whose locks nobody could see. */
const UNSEEN =
  'it was run, but ends its transactions by itself, and names no table to watch: its locks are those of the manual, if any'

/** The session's state between two statements. */
interface Progress {
  stage: Stage
  manner: Manner
  /** The latest look: what there is before the next statement. */
  now: Look
  transaction: number | null
  /** Transactions begun so far. */
  begun: number
}

/**
 * Tries the statements of a script one after another in a fresh session, as psql would send them; one that fails leaves
 * the state as it was, and the next is tried. What the script does not commit is rolled back.
 */
export async function tryScript(
  pool: Queryable,
  statements: readonly ParsedStatement[],
  { manner, onTried }: { manner: Manner; onTried: () => void },
): Promise<StatementFacts[]> {
  return onOneSession(pool, async (session) => {
    await session.query('DISCARD ALL')
    const { rows } = await session.query(
      `select pg_backend_pid() as pid, current_setting('server_version_num')::int as version`,
    )
    const stage = {
      pool,
      session,
      pid: Number(rows[0]!['pid']),
      version: Number(rows[0]!['version']),
    }
    const progress: Progress = { stage, manner, now: await look(session), transaction: null, begun: 0 }
    const facts: StatementFacts[] = []
    for (const statement of statements) {
      facts.push(await tryNext(progress, statement))
      onTried()
    }
    if (progress.transaction !== null) await session.query('ROLLBACK')
    return facts
  })
}

async function tryNext(progress: Progress, statement: ParsedStatement): Promise<StatementFacts> {
  const { now, transaction } = progress
  const frame = {
    statement,
    transaction,
    before: now.relations,
    lockTimeoutMs: now.lockTimeoutMs,
    statementTimeoutMs: now.statementTimeoutMs,
  }
  const execution = executionOf(statement.node)
  if (execution === 'never') return { ...frame, ...unmeasured(statement, now.relations) }
  const attempt = await attemptOf(progress, statement, execution)
  if (attempt.after !== null) progress.now = attempt.after
  const { locks, held = [], rewrites, scans, created, failure, vacuous = false, dropped = [] } = attempt
  const absent = failure === null ? null : absentHere(failure)
  if (absent !== null) return { ...frame, ...unmeasured(statement, now.relations), untried: absent }
  const facts = { ...frame, locks, held, rewrites, scans, created, failure, vacuous, dropped }
  if (attempt.unseen === true) return { ...facts, method: 'parsed', untried: UNSEEN }
  return { ...facts, method: 'executed', untried: null }
}

function attemptOf(progress: Progress, statement: ParsedStatement, execution: Execution): Promise<Attempt> {
  const { stage, manner, now, transaction } = progress
  if (execution === 'control') return control(progress, statement)
  if (execution === 'bare') return finishIn(stage, () => stage.session.query(statement.text), now)
  const own = transaction === null || manner === 'apart'
  if (execution === 'alone' && own) return tryAlone(stage, statement, now)
  // A setting for the transaction would end with the one that is made for this statement alone.
  const text = manner === 'apart' ? statement.text.replace(/^set\s+local\b/i, 'set') : statement.text
  return tryInside(stage, { ...statement, text }, now, own)
}

/** BEGIN, COMMIT and their kin: run as they are, but for a script whose statements are tried apart. */
async function control(progress: Progress, statement: ParsedStatement): Promise<Attempt> {
  const { stage, manner, now } = progress
  const { kind, chain } = 'TransactionStmt' in statement.node ? statement.node.TransactionStmt : {}
  if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') {
    progress.transaction ??= ++progress.begun
  } else if (kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK') {
    progress.transaction = chain === true && progress.transaction !== null ? ++progress.begun : null
  }
  if (manner === 'apart') return finishIn(stage, () => Promise.resolve(), now)
  const inside = /SAVEPOINT|RELEASE|ROLLBACK_TO/.test(kind ?? '') && progress.transaction !== null
  return finishIn(stage, () => stage.session.query(statement.text), now, inside)
}

/** Why a failure says nothing about the migration: what it needs is not on the server where it was rehearsed. */
function absentHere({ message, sqlState }: { message: string; sqlState: string | null }): string | null {
  // 42704 in GRANT and OWNER TO, 22023 in SET ROLE.
  if (/^(?:42704|22023)$/.test(sqlState ?? '') && message.startsWith('role "')) {
    return `${message} on the server where this was rehearsed`
  }
  const extension = /^extension "(.+)" is not available/.exec(message)?.[1]
  return extension === undefined
    ? null
    : `the extension ${extension} is not installed on the server where this was rehearsed: what needs it fails here as well`
}
