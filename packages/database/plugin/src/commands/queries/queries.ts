import { answer, columns, durationFlag, EXIT, findingsText } from '@esa/cli/plugin-kit'
import { type TopQueries, topQueries } from '@esa/database-advice/queries'
import type { Config } from '../../config.ts'
import { onTarget } from '../../targets/on-target.ts'

/** Options of `esa db queries`. */
export interface QueriesFlags {
  target: string
  window?: string
}

/** How long sessions are looked at where there are no counters, ms. */
const WINDOW_MS = 5_000

/** Characters of a statement in a table; the whole is in the JSON. */
const TEXT_CHARS = 100

/** Lists the statements of a target by what they cost. @throws EsaError `target.unknown`, `database.*`. */
export async function listQueries(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target, window }: QueriesFlags,
): Promise<void> {
  const windowMs = window === undefined ? WINDOW_MS : durationFlag('--window', window)
  await onTarget(config, environment, target, async ({ queryable }) => {
    const { findings, queries, method } = await topQueries(queryable, windowMs)
    if (findings.some(({ severity }) => severity === 'error')) process.exitCode = EXIT.findings
    answer(config, { findings, queries, method }, () =>
      [findingsText(findings), columns([HEAD, ...queries.map(row)]), method]
        .filter((part) => part !== '')
        .join('\n\n'),
    )
  })
}

const HEAD = ['TOTAL', 'SHARE', 'CALLS', 'MEAN', 'P95-ISH', 'ROWS/CALL', 'STATEMENT']

function row(query: TopQueries['queries'][number]): string[] {
  const text = query.query.replaceAll(/\s+/g, ' ').trim().slice(0, TEXT_CHARS)
  if ('seen' in query) return ['-', '-', `seen ${query.seen}x`, '-', '-', '-', text]
  const { totalMs, shareOfTotal, calls, meanMs, p95ishMs, rowsPerCall } = query
  const ms = (value: number): string => `${value.toFixed(1)} ms`
  return [
    ms(totalMs),
    `${(shareOfTotal * 100).toFixed(0)} %`,
    String(calls),
    ms(meanMs),
    ms(p95ishMs),
    rowsPerCall.toFixed(1),
    text,
  ]
}
