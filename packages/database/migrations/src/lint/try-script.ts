import {
  type ParsedStatement,
  onOneSession,
  type Queryable,
  type Execution,
  executionOf,
  type Lacking,
  lacksRight,
  missingExtension,
  Untried,
} from '@esa/database-catalog/sql'
import type { StatementFacts } from './facts.ts'
import { type Look, look } from './observe.ts'
import { onThisDatabase } from './on-this-database.ts'
import { tryMerges } from './try-merges.ts'
import { type Attempt, finishIn, inTime, type Stage, tryAlone, tryInside } from './try-statement.ts'
import { unmeasured } from './unmeasured.ts'

/** How a script is tried: as it is written, or each statement in a transaction of its own. */
export type Manner = 'as written' | 'apart'

/** What is said of a statement that ran, but whose locks could not be seen. */
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
  /** Name of the database that the script is for, where it is known, and of its copy. */
  names: { target: string | null; copy: string }
  /** Statements that could have been one with those before, and up to where that was tried. */
  merged: ReadonlyMap<number, string>
  mergesUntil: number
  untried: Untried
}

/** How scripts are tried. */
export interface Trial {
  manner: Manner
  /** Each file in a transaction, as the tool that applies it wraps it. */
  wrapped: boolean
  /** Name of the database that the script is for; null where it is not known. */
  target: string | null
  /** What of the schema before is not there. */
  lacking: Lacking
  onTried: () => void
}

/**
 * Tries the statements of a script one after another in a fresh session, as psql would send them; one that fails leaves
 * the state as it was, and the next is tried. What the script does not commit is rolled back.
 */
export async function tryScript(
  pool: Queryable,
  statements: readonly ParsedStatement[],
  { manner, wrapped, target, lacking, onTried }: Trial,
): Promise<StatementFacts[]> {
  return onOneSession(pool, async (session) => {
    await session.query('DISCARD ALL')
    const { rows } = await session.query(
      `select pg_backend_pid() as pid, current_setting('server_version_num')::int as version, current_database() as name`,
    )
    const tried: ParsedStatement[] = []
    const stage: Stage = {
      pool,
      session,
      pid: Number(rows[0]!['pid']),
      version: Number(rows[0]!['version']),
      earlier: manner === 'as written' ? tried : null,
    }
    const progress: Progress = {
      stage,
      manner,
      now: await look(session),
      ...(wrapped ? { transaction: 1, begun: 1 } : { transaction: null, begun: 0 }),
      names: { target, copy: String(rows[0]!['name']) },
      merged: new Map(),
      mergesUntil: 0,
      untried: new Untried(lacking),
    }
    if (wrapped && manner === 'as written') await session.query('BEGIN')
    const facts: StatementFacts[] = []
    for (const [at, statement] of statements.entries()) {
      if (manner === 'as written' && at >= progress.mergesUntil) await lookForMerges(progress, statements, at)
      const merged = progress.merged.get(at)
      facts.push({ ...(await tryNext(progress, statement)), ...(merged === undefined ? {} : { merged }) })
      tried.push(statement)
      onTried()
    }
    if (manner === 'apart' || progress.transaction === null) return facts
    return wrapped ? committed(progress, facts) : rolledBack(progress, facts)
  })
}

async function rolledBack({ stage }: Progress, facts: StatementFacts[]): Promise<StatementFacts[]> {
  await stage.session.query('ROLLBACK')
  return facts
}

/** Ends the transaction that the tool began: what is deferred until then fails there. */
async function committed({ stage, now }: Progress, facts: StatementFacts[]): Promise<StatementFacts[]> {
  const { failure } = await finishIn(stage, () => stage.session.query('COMMIT'), now)
  const last = facts.at(-1)
  if (failure === null || last === undefined || last.failure !== null) return facts
  return [...facts.slice(0, -1), { ...last, failure }]
}

async function lookForMerges(
  progress: Progress,
  statements: readonly ParsedStatement[],
  at: number,
): Promise<void> {
  const { stage, now, transaction } = progress
  const { merged, until } = await tryMerges(
    { session: stage.session, inTime: (work) => inTime(stage, work) },
    statements,
    { at, own: transaction === null, before: now.relations },
  )
  progress.merged = merged
  progress.mergesUntil = until
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
  const here = onThisDatabase(statement, progress.names)
  if (execution === 'never' || here === 'beyond') return { ...frame, ...unmeasured(statement, now.relations) }
  const tried = here === null ? statement : { ...statement, text: here.sql }
  const attempt = await attemptOf(progress, tried, execution)
  if (attempt.after !== null) progress.now = attempt.after
  const { failure, unseen } = attempt
  const absent = failure === null ? null : whyNoVerdict(progress, statement, failure)
  if (absent !== null) {
    progress.untried.add(statement)
    return { ...frame, ...unmeasured(statement, now.relations), untried: absent }
  }
  const facts = { ...frame, ...seenIn(attempt) }
  if (unseen === true) return { ...facts, method: 'parsed', untried: UNSEEN }
  return { ...facts, method: 'executed', untried: null }
}

/** What an attempt showed, without what only the next needs. */
function seenIn({ after: _, unseen: __, ...seen }: Attempt): Omit<Attempt, 'after' | 'unseen'> {
  return seen
}

function attemptOf(progress: Progress, statement: ParsedStatement, execution: Execution): Promise<Attempt> {
  const { stage, manner, now, transaction } = progress
  if (execution === 'control') return control(progress, statement)
  if (execution === 'bare') return finishIn(stage, () => stage.session.query(statement.text), now)
  const own = transaction === null || manner === 'apart'
  if (execution === 'block' && transaction === null && manner === 'as written') {
    return finishIn(stage, () => stage.session.query(statement.text), now)
  }
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

/** Why a failure says nothing about the migration; null where it does. */
function whyNoVerdict(
  { untried }: Progress,
  { node }: ParsedStatement,
  failure: { message: string; sqlState: string | null },
): string | null {
  return absentHere(failure) ?? lacksRight(node, failure) ?? untried.blamedFor(failure)
}

/** Why a failure says nothing about the migration: what it needs is not on the server where it was rehearsed. */
function absentHere(failure: { message: string; sqlState: string | null }): string | null {
  const { message, sqlState } = failure
  // 42704 in GRANT and OWNER TO, 22023 in SET ROLE.
  if (/^(?:42704|22023)$/.test(sqlState ?? '') && message.startsWith('role "')) {
    return `${message} on the server where this was rehearsed`
  }
  return missingExtension(failure)
}
