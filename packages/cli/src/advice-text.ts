import type { Finding } from '@esa/postgres'
import type { IndexAdvice } from '@esa/postgres/advise'
import type { TriedRewrite } from '@esa/postgres/queries'
import { colours } from './colours.ts'
import { columns } from './output.ts'
import { sizeText } from './size.ts'

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
  workload: { source: string; method: string }
  rows: { sampled: string[] }
}

const ms = (us: number): string =>
  us < 10_000 ? `${(us / 1_000).toFixed(1)} ms` : `${Math.round(us / 1_000)} ms`

function recommendationText({
  ddl,
  sizeBytes,
  because,
  queries,
  writes,
}: IndexAdvice['recommendations'][number]): string {
  const helped = queries.map(
    ({ id, p95UsBefore, p95UsAfter }) => `${id} ${ms(p95UsBefore)} → ${ms(p95UsAfter)}`,
  )
  const cost = writes
    ? `a row of ${writes.relation} with all of these: insert ${writes.insertUsBefore} → ${writes.insertUsAfter} µs, update ${writes.updateUsBefore} → ${writes.updateUsAfter} µs`
    : ''
  return [
    colours.bold(`${ddl};`),
    ...[`${sizeBytes === 0 ? '' : `${sizeText(sizeBytes)}: `}${because}`, helped.join(', '), cost].flatMap(
      (line) => (line === '' ? [] : [`    ${line}`]),
    ),
  ].join('\n')
}

function queriesText({ queries, goalMs }: Shown): string {
  const rows = queries.map(({ id, weight, p95UsBefore, p95UsAfter, ok, runsAfter }) => [
    ok ? colours.green('ok') : colours.red('SLOW'),
    id,
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

function rewriteText({ id, rewrites, findings }: SlowStatement): string[] {
  const forms = rewrites.map(({ sql, sameRows, gain }) => {
    const times = gain === undefined ? '' : ` (${gain.beforeMs.toFixed(1)} → ${gain.afterMs.toFixed(1)} ms)`
    return `    ${sameRows ? 'same rows' : 'another answer'}${times}: ${sql}`
  })
  const others = findings.map(({ kind, message }) => `    ${kind}: ${message}`)
  return [[`${colours.yellow('still slow')} ${id}`, ...forms, ...others].join('\n')]
}

/** Index advice for people: what to build, what it brings, what was refused. */
export function adviceText(advice: Shown): string {
  const {
    recommendations,
    refused,
    drop,
    skipped,
    notes,
    totalBytes,
    budgetBytes,
    elapsedMs,
    complete,
    rows,
  } = advice
  const budget = budgetBytes === null ? '' : ` of ${sizeText(budgetBytes)}`
  const parts = [
    recommendations.length === 0
      ? 'no index is worth its bytes for this workload'
      : recommendations.map(recommendationText).join('\n'),
    queriesText(advice),
    `${recommendations.filter(({ sizeBytes }) => sizeBytes > 0).length} indexes, ${sizeText(totalBytes)}${budget}, found in ${Math.round(elapsedMs / 1_000)} s` +
      (complete ? '' : `; ${colours.yellow('time was up')}: there may be better ones`),
    `workload: ${advice.workload.method}`,
    ...(rows.sampled.length === 0
      ? []
      : [`${colours.yellow('sampled')} ${rows.sampled.join(', ')}: times and sizes are those of the sample`]),
    ...drop.map(({ ddl, because }) => `${ddl};\n    ${because}`),
    ...advice.rewrites.flatMap(rewriteText),
    ...notes.map(({ id, note }) => `${id}: ${note}`),
    ...skipped.map(({ id, why }) => `${colours.yellow('not timed')} ${id}: ${why}`),
    refused
      .slice(0, REFUSALS_SHOWN)
      .map(({ ddl, reason, why }) =>
        colours.dim(`refused (${reason}) ${ddl.replace('CREATE INDEX CONCURRENTLY ', '')}: ${why}`),
      )
      .join('\n'),
    refused.length > REFUSALS_SHOWN ? colours.dim(`and ${refused.length - REFUSALS_SHOWN} more: --json`) : '',
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}
