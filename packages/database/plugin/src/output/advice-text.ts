import type { Finding } from '@esa/database-catalog/sql'
import type { IndexAdvice } from '@esa/database-advice/advise'
import type { TriedRewrite } from '@esa/database-advice/queries'
import { colours, columns, sizeText } from '@esa/cli/plugin-kit'
import type { DrizzleAdvice } from '../files/drizzle-advice.ts'

/** Characters of a statement that has no name, and statements shown of those that were left out. */
const SQL_SHOWN = 70
const SKIPPED_SHOWN = 3

/** Refusals shown to people; the JSON document has all. */
const REFUSALS_SHOWN = 10

/** A statement that no index brought under the goal, and what was found about it. */
export interface SlowStatement {
  id: string
  rewrites: TriedRewrite[]
  findings: Finding[]
}

type Shown = IndexAdvice & {
  rewrites: SlowStatement[]
  missing: Finding[]
  workload: { source: string; method: string }
  rows: { sampled: string[] }
  drizzle?: DrizzleAdvice
}

const ms = (us: number): string =>
  us < 10_000 ? `${(us / 1_000).toFixed(1)} ms` : `${Math.round(us / 1_000)} ms`

/** A statement by the name it was given; one that only has a number, by its beginning. */
function named(id: string, sql: string): string {
  const plain = sql.replaceAll(/\s+/g, ' ')
  if (!/^(?:statement-|-)?\d+$|^[0-9a-f]{16}$/.test(id)) return id
  return plain.length > SQL_SHOWN ? `${plain.slice(0, SQL_SHOWN)}…` : plain
}

function recommendationText(
  { ddl, sizeBytes, because, queries }: IndexAdvice['recommendations'][number],
  sqlOf: ReadonlyMap<string, string>,
): string {
  const helped = queries.map(
    ({ id, p95UsBefore, p95UsAfter }) =>
      `    ${ms(p95UsBefore)} → ${ms(p95UsAfter)}  ${named(id, sqlOf.get(id) ?? '')}`,
  )
  const about = `    ${sizeBytes === 0 ? '' : `${sizeText(sizeBytes)}: `}${because}`
  return [colours.bold(`${ddl};`), about, ...helped].join('\n')
}

/** What writes cost with everything that is recommended, a line a table. */
function writesText({ recommendations }: Shown): string {
  const costs = new Map(recommendations.flatMap(({ writes }) => (writes ? [[writes.relation, writes]] : [])))
  const rows = [...costs.values()].map((one) => [
    one.relation,
    `${one.insertUsBefore} → ${one.insertUsAfter} µs`,
    `${one.updateUsBefore} → ${one.updateUsAfter} µs`,
  ])
  return rows.length === 0 ? '' : columns([['WRITES, A ROW', 'INSERT', 'UPDATE'], ...rows])
}

/** Statements that were not timed, by reason, as many are often left out for the same one. */
function skippedText({ skipped }: Shown): string[] {
  return [...Map.groupBy(skipped, ({ why }) => why)].map(([why, some]) => {
    const shown = some.slice(0, SKIPPED_SHOWN).map(({ id, sql }) => `    ${named(id, sql)}`)
    const more = some.length > SKIPPED_SHOWN ? [`    and ${some.length - SKIPPED_SHOWN} more: --json`] : []
    return [`${colours.yellow('not timed')}: ${why}`, ...shown, ...more].join('\n')
  })
}

function queriesText({ queries, goalMs }: Shown): string {
  const rows = queries.map(({ id, sql, weight, p95UsBefore, p95UsAfter, ok, runsAfter }) => [
    ok ? colours.green('ok') : colours.red('SLOW'),
    named(id, sql),
    String(weight),
    ms(p95UsBefore),
    ms(p95UsAfter),
    String(runsAfter),
  ])
  return columns([
    ['', 'STATEMENT', 'WEIGHT', 'P95 BEFORE', `P95 AFTER (GOAL ${goalMs} ms)`, 'RUNS'],
    ...rows,
  ])
}

function rewriteText({ id, rewrites, findings }: SlowStatement, sqlOf: ReadonlyMap<string, string>): string {
  const forms = rewrites.map(({ sql, sameRows, gain }) => {
    const times = gain === undefined ? '' : ` (${gain.beforeMs.toFixed(1)} → ${gain.afterMs.toFixed(1)} ms)`
    return `    ${sameRows ? 'same rows' : 'another answer'}${times}: ${sql}`
  })
  const others = findings.map(({ kind, message }) => `    ${kind}: ${message}`)
  return [`${colours.yellow('still slow')} ${named(id, sqlOf.get(id) ?? '')}`, ...forms, ...others].join('\n')
}

/** What was assumed, and for how many statements. */
function notesText({ notes }: Shown): string {
  return [...Map.groupBy(notes, ({ note }) => note)]
    .map(([note, some]) => `${some.length} ${note}`)
    .join('\n')
}

/** What was built and tried, or only thought of, without being recommended: the best reasons first. */
function refusedText({ refused }: Shown): string {
  const tried = refused.toSorted((a, b) => Number(b.built) - Number(a.built))
  const lines = tried
    .slice(0, REFUSALS_SHOWN)
    .map(
      ({ ddl, reason, why }) =>
        `refused (${reason}) ${ddl.replace('CREATE INDEX CONCURRENTLY ', '')}: ${why}`,
    )
  const more = refused.length > REFUSALS_SHOWN ? [`and ${refused.length - REFUSALS_SHOWN} more: --json`] : []
  return [...lines, ...more].map((line) => colours.dim(line)).join('\n')
}

function summaryText({
  recommendations,
  totalBytes,
  budgetBytes,
  elapsedMs,
  complete,
  rows,
  workload,
  missing,
}: Shown): string {
  const count = recommendations.filter(({ sizeBytes }) => sizeBytes > 0).length
  const budget = budgetBytes === null ? '' : ` of ${sizeText(budgetBytes)}`
  const late = complete ? '' : `; ${colours.yellow('time was up')}: there may be better ones`
  const sampled = `${colours.yellow('sampled')} ${rows.sampled.join(', ')}: times are those of the sample, sizes are scaled up by rows`
  return [
    `${count} indexes, ${sizeText(totalBytes)}${budget}, found in ${Math.round(elapsedMs / 1_000)} s${late}`,
    `workload: ${workload.method}`,
    ...(rows.sampled.length === 0 ? [] : [sampled]),
    ...missing.map(({ message }) => `${colours.yellow('not on the copy')} ${message}`),
  ].join('\n')
}

/** The indexes as members of the last argument of their tables, by module. */
function drizzleText({ drizzle }: Shown): string {
  if (drizzle === undefined) return ''
  const places = Map.groupBy(drizzle.changes, ({ file, table }) => `${file}: ${table}, (t) => [`)
  const changes = [...places].map(([place, some]) =>
    [colours.bold(place), ...some.map(({ code }) => `    ${code},`), ']'].join('\n'),
  )
  const left = drizzle.left.map(({ ddl, why }) => `not in the Drizzle schema (${why}): ${ddl};`)
  return [...changes, ...left].join('\n')
}

/** Index advice for people: what to build, what it brings and costs, what was refused. */
export function adviceText(advice: Shown): string {
  const { recommendations, queries, drop, rewrites } = advice
  const sqlOf = new Map(queries.map(({ id, sql }) => [id, sql]))
  const parts = [
    recommendations.length === 0
      ? 'no index is worth its bytes for this workload'
      : recommendations.map((one) => recommendationText(one, sqlOf)).join('\n'),
    drizzleText(advice),
    queriesText(advice),
    writesText(advice),
    summaryText(advice),
    ...drop.map(({ ddl, because }) => `${ddl};\n    ${because}`),
    ...rewrites.map((one) => rewriteText(one, sqlOf)),
    notesText(advice),
    ...skippedText(advice),
    refusedText(advice),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}
