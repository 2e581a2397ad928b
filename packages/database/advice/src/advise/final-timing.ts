import type { Clock } from '@esa/database-catalog/sql'
import type { QueryGain } from './advice.ts'
import { type Bench, percentileOf, type Runs, type TimedStatement } from './bench.ts'

/** Executions of a statement before and after: with 20 the 95th percentile is no longer the slowest run. */
const ROUNDS = 20

/** A statement that was slow before is run so many times less often without the indexes, ms a statement at most. */
const BEFORE_MS_MAX = 5_000

/** Executions without the indexes at least, whatever they take: fewer say nothing. */
const BEFORE_ROUNDS_MIN = 3

interface Pair {
  before: Runs
  after: Runs
}

const sum = (runs: Runs): number => runs.ms.reduce((total, ms) => total + ms, 0)

/**
 * Times every statement without and with the chosen indexes, in turn, until the rounds are done or time is up; the first
 * round is always finished. `without` are the names of the new indexes on the copy.
 */
export async function timeBeforeAndAfter(
  bench: Bench,
  statements: readonly TimedStatement[],
  { without, withChosen }: { without: readonly string[]; withChosen: readonly string[] },
  {
    clock,
    until,
    onRound,
  }: { clock: Clock; until: number; onRound: (round: number, rounds: number) => void },
): Promise<Map<string, Pair>> {
  const pairs = new Map(statements.map(({ id }): [string, Pair] => [id, { before: none(), after: none() }]))
  for (let round = 0; round < ROUNDS; round += 1) {
    onRound(round, ROUNDS)
    for (const statement of statements) {
      if (round >= BEFORE_ROUNDS_MIN && clock.now() > until) return pairs
      const { before, after } = pairs.get(statement.id)!
      const enough = round >= BEFORE_ROUNDS_MIN && (before.cutOff || sum(before) > BEFORE_MS_MAX)
      if (!enough && !(before.cutOff && round > 0)) await once(bench, statement, without, before)
      if (!(after.cutOff && round > 0)) await once(bench, statement, withChosen, after)
    }
  }
  return pairs
}

const none = (): Runs => ({ ms: [], cutOff: false })

async function once(
  bench: Bench,
  statement: TimedStatement,
  hidden: readonly string[],
  into: Runs,
): Promise<void> {
  // The values of a statement are taken in turn, as the rounds go.
  const text = statement.texts[into.ms.length % statement.texts.length]!
  const { ms, cutOff } = await bench.time({ ...statement, texts: [text] }, hidden, 1)
  into.ms.push(...ms)
  into.cutOff ||= cutOff
}

const us = (ms: number): number => Math.round(ms * 1_000)

/** The figures of a statement as they are reported. */
export function gainOf(id: string, { before, after }: Pair, timeoutMs: number): QueryGain {
  const [p95Before, p95After] = [percentileOf(before, 95), percentileOf(after, 95)]
  return {
    id,
    p95MsBefore: Math.round(p95Before),
    p95MsAfter: Math.round(p95After),
    p50UsBefore: us(percentileOf(before, 50)),
    p50UsAfter: us(percentileOf(after, 50)),
    p95UsBefore: us(p95Before),
    p95UsAfter: us(p95After),
    runsBefore: before.ms.length,
    runsAfter: after.ms.length,
    ...(before.cutOff || after.cutOff ? { cutOffAfterMs: timeoutMs } : {}),
  }
}
