import {
  type Clock,
  systemClock,
  type Finding,
  postgresError,
  type Queryable,
  inReadOnly,
  OWN_MARK,
} from '@esa/database-catalog/sql'
import { readStatistics, type Statistics } from './column-statistics.ts'
import { applicationTables, type Table } from '@esa/database-catalog'

/** Cut-off of one statement, ms: a look must not keep a busy server busy, nor hold back its VACUUM. */
const STATEMENT_MS = 5_000
/** Longest wait for a table that is being rebuilt, ms. */
const LOCK_MS = 1_000
/** All of one review, ms: after it the rest is said to be not checked. */
const BUDGET_MS = 5 * 60_000

/** Small questions of one transaction: it must be short, as it holds back VACUUM. */
const TOGETHER = 40

/** How a review goes, and how it tells of itself. */
export interface ReviewOptions {
  budgetMs?: number
  /** Called before each check. */
  onCheck?: (done: number, total: number) => void
  clock?: Clock
  /** A catalog that was read already. */
  seen?: Seen
}

/** What every check starts from. */
export interface Seen {
  tables: Table[]
  statistics: Statistics
}

/** One question to the database, and what its answer gives away. */
type Work = (session: Queryable) => Promise<Finding[]>

/** Something to ask about a relation. */
export interface Question {
  relation: string
  ask: Work
}

/** Asks the database; what goes wrong becomes a finding and spoils nothing else. */
interface Look {
  /** In a read-only transaction of its own. */
  (relation: string | null, work: Work): Promise<Finding[]>
  /** Many small questions, several to a transaction: a thousand tables are a thousand round trips, and no more. */
  each(questions: readonly Question[]): Promise<Finding[]>
}

/** One thing that is looked for. */
export type Check = (seen: Seen, look: Look) => Finding[] | Promise<Finding[]>

/** The catalog, and the statistics of its columns. @throws EsaError `database.*`. */
export async function see(queryable: Queryable): Promise<Seen> {
  const tables = await inReadOnly(queryable, STATEMENT_MS * 4, applicationTables)
  return { tables, statistics: await readStatistics(queryable, tables, STATEMENT_MS) }
}

/**
 * Runs checks one after the other. A statement that is cut off, a missing right or a missing extension is a finding of
 * its own. @throws EsaError `database.unreachable` when the server goes away.
 */
export async function review(
  queryable: Queryable,
  checks: readonly Check[],
  { budgetMs = BUDGET_MS, onCheck, clock = systemClock, seen }: ReviewOptions,
): Promise<Finding[]> {
  const deadline = clock.now() + budgetMs
  const known = seen ?? (await see(queryable))
  let late = 0
  const ask = async (relation: string | null, work: Work): Promise<Finding[]> => {
    if (clock.now() < deadline) return briefly(queryable, work).catch(failed(relation))
    late++
    return []
  }
  const askAll = async (questions: readonly Question[]): Promise<Finding[]> => {
    const together = async (session: Queryable): Promise<Finding[]> => {
      const found: Finding[] = []
      for (const question of questions) found.push(...(await question.ask(session)))
      return found
    }
    if (clock.now() < deadline) {
      // One question that fails ends the transaction of all: then each is run by itself.
      const found = await briefly(queryable, together).catch(() => null)
      if (found !== null) return found
    }
    const found: Finding[] = []
    for (const question of questions) found.push(...(await ask(question.relation, question.ask)))
    return found
  }
  const each = async (questions: readonly Question[]): Promise<Finding[]> => {
    const found: Finding[] = []
    for (let at = 0; at < questions.length; at += TOGETHER) {
      found.push(...(await askAll(questions.slice(at, at + TOGETHER))))
    }
    return found
  }
  const look: Look = Object.assign(ask, { each })
  const findings: Finding[] = []
  for (const [done, check] of checks.entries()) {
    onCheck?.(done, checks.length)
    findings.push(...(await check(known, look)))
  }
  return late === 0 ? findings : [...findings, tooLate(late, budgetMs)]
}

/** Tables of the role's own design that it cannot read: what is in them stays unknown. */
export function unreadable({ tables }: Seen): Finding[] {
  return tables
    .filter(({ readable }) => !readable)
    .map(({ relation }) => ({
      kind: 'no-right',
      severity: 'info',
      relation,
      message: 'the role may not read this table: only its definition was looked at',
      evidence: {},
      fix: `GRANT SELECT ON ${relation} TO the role (esa db grants)`,
    }))
}

/** Failures that have a plain name. */
const WHY: Record<string, string> = {
  'database.timeout': `a query was cut off after ${STATEMENT_MS / 1_000} s: its result is unknown`,
  'database.locked': `another session holds a lock on it for more than ${LOCK_MS / 1_000} s: nothing is known about its rows`,
}

/** In a read-only transaction that waits for no lock for long. */
function briefly(queryable: Queryable, work: Work): Promise<Finding[]> {
  return inReadOnly(queryable, STATEMENT_MS, async (session) => {
    await session.query(`select ${OWN_MARK} set_config('lock_timeout', '${LOCK_MS}ms', true)`)
    return work(session)
  })
}

function failed(relation: string | null): (error: unknown) => Finding[] {
  return (thrown) => {
    const error = postgresError(thrown)
    if (error.code === 'database.unreachable' || error.kind === 'bug') throw error
    const kind = error.code === 'database.permission' ? 'no-right' : 'not-checked'
    const message = WHY[error.code] ?? error.message
    const where = relation === null ? {} : { relation }
    return [{ kind, severity: 'info', ...where, message, evidence: { code: error.code } }]
  }
}

function tooLate(looks: number, budgetMs: number): Finding {
  return {
    kind: 'not-checked',
    severity: 'info',
    message: `${looks} queries were left out: the time of ${budgetMs / 1_000} s was up`,
    evidence: { looks, budgetMs },
  }
}
