import { isEsaError } from '@esa/protocol'
import type { Clock, Queryable } from '@esa/database-catalog/sql'
import type { Refusal, RefusalReason } from './advice.ts'
import { percentileOf, type TimedStatement } from './bench.ts'
import { buildCandidate, type BuiltCandidate } from './built-indexes.ts'
import { type Candidate, createSql } from './candidate.ts'
import { neverPlanned } from './hypothetical.ts'
import type { Search } from './search.ts'
import type { Trials } from './trials.ts'

/** An estimate may be wrong by this factor before a candidate is refused without being built. */
const ESTIMATE_FACTOR = 3

/** A statement brought under this part of the goal needs no more candidates, unless they are much smaller. */
const SERVED_SHARE = 0.05

/** A candidate estimated below this part of what serves its statement already is still worth a trial. */
const SMALLER_SHARE = 0.5

/** A statement this fast (ms) that takes this little of the workload's time is left alone. */
const FAST_MS = 5
const FAST_WORKLOAD_SHARE = 0.05

/** Share of the rows from which reading the whole table is the better way whatever an index says. */
const SHARE_MAX = 0.4

interface Ground {
  session: Queryable
  clock: Clock
  trials: Trials
  search: Search
  candidates: readonly Candidate[]
  statements: readonly TimedStatement[]
  /** How many times more rows the target has than the copy, by `schema.table`; 1 for what is not there. */
  scales: ReadonlyMap<string, number>
}

interface Limits {
  goalMs: number
  budgetBytes: number
  /** No build begins after this instant, ms of the clock. */
  until: number
  tell: (done: number, total: number, what: string) => void
}

/** An index that was thought of and not recommended. */
export function refusal(
  candidate: Candidate,
  reason: RefusalReason,
  why: string,
  built?: { sizeBytes: number },
): Refusal {
  return {
    ddl: createSql(candidate, 'concurrently'),
    reason,
    why,
    sizeBytes: built?.sizeBytes ?? candidate.estimatedBytes,
    built: built !== undefined,
    queries: candidate.statements,
  }
}

const scaleOf = ({ table }: Candidate, { scales }: Ground): number =>
  scales.get(`${table.schema}.${table.name}`) ?? 1

/** Statements worth an index, the costliest first, weight times median. */
function worthwhile({ trials, statements }: Ground, goalMs: number): TimedStatement[] {
  const cost = ({ id, weight }: TimedStatement): number => {
    const runs = trials.baseline.get(id)
    return runs ? weight * percentileOf(runs, 50) : 0
  }
  const whole = statements.reduce((sum, one) => sum + cost(one), 0)
  return statements
    .filter((one) => {
      const runs = trials.baseline.get(one.id)
      if (!runs) return false
      return percentileOf(runs, 95) >= Math.min(goalMs, FAST_MS) || cost(one) >= whole * FAST_WORKLOAD_SHARE
    })
    .toSorted((a, b) => cost(b) - cost(a))
}

/** Each statement's next candidate in turn, so that no statement waits for all those of another. */
function inTurns(statements: readonly TimedStatement[], candidates: readonly Candidate[]): Candidate[] {
  const queues = statements.map(({ id }) => candidates.filter((one) => one.statements.includes(id)))
  const longest = Math.max(0, ...queues.map(({ length }) => length))
  const turns = Array.from({ length: longest }, (_, nth) => queues.flatMap((queue) => queue[nth] ?? []))
  return [...new Set(turns.flat())]
}

/** What serves all statements of a candidate already, when it is not much larger than the candidate would be. */
function serverOf(
  candidate: Candidate,
  statements: readonly TimedStatement[],
  served: ReadonlyMap<string, BuiltCandidate>,
): BuiltCandidate | undefined {
  const wanting = candidate.statements.filter((id) => statements.some((one) => one.id === id))
  const servers = wanting.map((id) => served.get(id))
  const enough = servers.every((one) => one && one.sizeBytes * SMALLER_SHARE <= candidate.estimatedBytes)
  return enough ? servers[0] : undefined
}

async function tryOne(
  candidate: Candidate,
  ground: Ground,
  { budgetBytes, goalMs, until }: Limits,
  served: Map<string, BuiltCandidate>,
): Promise<Refusal | undefined> {
  const { session, clock, trials, search } = ground
  const scale = scaleOf(candidate, ground)
  const built = await buildCandidate(session, candidate, until - clock.now(), { clock, scale }).catch(
    (error: unknown) => {
      if (isEsaError(error) && error.code !== 'database.unreachable') return error
      throw error
    },
  )
  if (isEsaError(built)) {
    const reason = built.code === 'database.timeout' ? 'time' : 'failed'
    return refusal(candidate, reason, built.message)
  }
  trials.built.push(built)
  if (built.sizeBytes > budgetBytes)
    return refusal(candidate, 'too-big', `it alone takes ${built.sizeBytes} of ${budgetBytes} bytes`, built)
  const times = await trials.times([built], [built])
  search.add([built], times)
  for (const [id, ms] of times) {
    const smaller = (served.get(id)?.sizeBytes ?? Infinity) > built.sizeBytes
    if (smaller && ms <= goalMs * SERVED_SHARE) served.set(id, built)
  }
  return undefined
}

/**
 * Builds the candidates on the copy and tries each alone, then what a plan takes of all of them together; adds them to
 * the search. Gives those that were refused on the way.
 */
export async function buildAndTry(ground: Ground, limits: Limits): Promise<Refusal[]> {
  const { clock, trials, search } = ground
  const refused: Refusal[] = []
  const served = new Map<string, BuiltCandidate>()
  const statements = worthwhile(ground, limits.goalMs)
  const scaled = ground.candidates.map((one) => ({
    ...one,
    estimatedBytes: one.estimatedBytes * scaleOf(one, ground),
  }))
  const queue = inTurns(statements, scaled)
  const never = await neverPlanned(ground.session, queue, (ids) => trials.planned(ids))
  for (const [nth, candidate] of queue.entries()) {
    limits.tell(nth, queue.length, createSql(candidate, 'plainly'))
    const server = serverOf(candidate, statements, served)
    if (server !== undefined) {
      refused.push({
        ...refusal(candidate, 'needless', `not built: ${server.name} makes its statements fast enough`),
        instead: server.name,
      })
    } else if (never.has(candidate)) {
      refused.push(refusal(candidate, 'not-used', 'not built: by HypoPG no plan would take it'))
    } else if ((candidate.share ?? 0) > SHARE_MAX) {
      const percent = Math.round(candidate.share! * 100)
      refused.push(
        refusal(candidate, 'unselective', `not built: by the statistics it finds ${percent} % of the rows`),
      )
    } else if (candidate.estimatedBytes > limits.budgetBytes * ESTIMATE_FACTOR) {
      refused.push(
        refusal(candidate, 'too-big', `not built: estimated far beyond ${limits.budgetBytes} bytes`),
      )
    } else if (clock.now() >= limits.until) {
      search.complete = false
      refused.push(refusal(candidate, 'time', 'not built: time was up'))
    } else {
      const one = await tryOne(candidate, ground, limits, served)
      if (one?.reason === 'time') search.complete = false
      if (one) refused.push(one)
    }
  }
  await addCompanies(statements, trials, search, limits, clock)
  return refused
}

/** Plans that take several candidates at once, a bitmap of two or both sides of a join, are tried as one. */
async function addCompanies(
  statements: readonly TimedStatement[],
  trials: Trials,
  search: Search,
  { until }: Limits,
  clock: Clock,
): Promise<void> {
  const seen = new Set<string>()
  for (const statement of statements) {
    if (clock.now() >= until) return
    const members = await trials.taken(statement, trials.built)
    const key = members
      .map(({ name }) => name)
      .toSorted()
      .join()
    if (members.length < 2 || seen.has(key)) continue
    seen.add(key)
    search.add(members, await trials.times(members, members))
  }
}
