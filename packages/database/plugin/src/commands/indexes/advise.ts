import { existsSync } from 'node:fs'
import { inReadOnly, systemClock, type Queryable } from '@esa/database-catalog/sql'
import { ON_COPY } from '@esa/database-catalog/guard'
import {
  adviseIndexes,
  type AdviseProgress,
  type FoundWorkload,
  type IndexAdvice,
  readWorkload,
} from '@esa/database-advice/advise'
import { explainQuery } from '@esa/database-advice/queries'
import { type Rehearsal, type RowCopy, withRehearsal } from '@esa/database-sandbox'
import { EsaError } from '@esa/protocol'
import { adviceText, type SlowStatement } from '../../output/advice-text.ts'
import type { Config } from '../../config.ts'
import { copyConsent, type CopyFlag, type CopyMode } from '../../targets/copy-consent.ts'
import { answer, note, Progress, sizeFlag } from '@esa/cli/plugin-kit'
import type { DrizzleAdvice } from '../../files/drizzle-advice.ts'
import { onTarget } from '../../targets/on-target.ts'
import { rehearsalGround } from '../../sandbox/rehearsal-ground.ts'
import { resolveTarget } from '../../targets/targets.ts'

/** Options of `esa db indexes advise`. */
export interface AdviseFlags {
  target: string
  workload?: string
  budget?: string
  maxMinutes: string
  copyRows?: CopyFlag
  drizzle?: string
}

/** Most of a target's disk that is copied: beyond, the largest tables are sampled, or a full copy is refused. */
const COPY_BYTES_MAX = { sample: 4 * 2 ** 30, full: 64 * 2 ** 30 }

/** Part of the time that copying may take: the search needs the rest. */
const COPY_SHARE = 0.4

/** Cut-off of a statement whose other forms are tried, ms. */
const REWRITE_TIMEOUT_MS = 10_000

/** What a project's folder has where its schema is Drizzle's. Loading it runs code: only on request. */
const DRIZZLE_CONFIGS = ['ts', 'mts', 'js', 'mjs'].map((ending) => `drizzle.config.${ending}`)

/** Longest search by one command, minutes. */
const MINUTES_MAX = 240

/**
 * Finds the indexes that a workload needs on a copy of the target, which is only read. Needs no runtime.
 * @throws EsaError `confirm.copy-rows`, `usage.*`, `target.*`, `workload.*`, `rehearsal.*`, `database.*`.
 */
export async function adviseTarget(
  config: Config,
  environment: NodeJS.ProcessEnv,
  flags: AdviseFlags,
): Promise<void> {
  const maxMs = minutes(flags.maxMinutes) * 60_000
  const budgetBytes = flags.budget === undefined ? undefined : sizeFlag('--budget', flags.budget)
  const { url } = await resolveTarget(config, flags.target, environment)
  const mode = copyConsent(url, flags.copyRows, 'sample')
  const progress = new Progress()
  const began = systemClock.now()
  const document = await onTarget(
    config,
    environment,
    flags.target,
    async (target) => {
      progress.step('reading the workload')
      const { statements, ...workload } = await workloadOf(target)
      progress.detail(`${statements.length} statements from ${workload.source}`)
      const copy = { mode, maxMs: maxMs * COPY_SHARE, progress }
      return onCopy(config, target.queryable, copy, async (rehearsal) => {
        const advice = await adviseIndexes(rehearsal.queryable, {
          statements,
          ...(budgetBytes === undefined ? {} : { budgetBytes }),
          maxMs: Math.max(1_000, maxMs - (systemClock.now() - began)),
          scales: await scalesOf(target.queryable, rehearsal),
          onProgress: telling(progress),
        })
        const rewrites = await rewritesOf(rehearsal.queryable, advice, progress)
        const drizzle = await inDrizzle(flags.drizzle, advice)
        return {
          ...advice,
          ...drizzle,
          rewrites,
          workload,
          rows: rowsOf(rehearsal),
          missing: rehearsal.missing,
        }
      })
    },
    { workloadFile: flags.workload, heavy: 'copying its rows' },
  )
  answer(config, document, () => adviceText(document))
  const own = flags.drizzle === undefined ? DRIZZLE_CONFIGS.find((name) => existsSync(name)) : undefined
  if (!config.json && own !== undefined) note(`as a change of the Drizzle schema: --drizzle ${own}`)
}

/** The same as a change of the project's Drizzle schema, where one is named. */
async function inDrizzle(
  path: string | undefined,
  { recommendations }: IndexAdvice,
): Promise<{ drizzle?: DrizzleAdvice }> {
  if (path === undefined) return {}
  const { drizzleAdvice } = await import('../../files/drizzle-advice.ts')
  return { drizzle: await drizzleAdvice(path, recommendations) }
}

/** Lets `work` use a copy of the target's schema and rows, with a bar while it is made. */
async function onCopy<T>(
  config: Config,
  target: Queryable,
  { mode, maxMs, progress }: { mode: CopyMode; maxMs: number; progress: Progress },
  work: (rehearsal: Rehearsal) => Promise<T>,
): Promise<T> {
  progress.step('copying schema and rows')
  const bar = progress.bar('rows', 1)
  const onProgress: RowCopy['onProgress'] = ({ bytes, totalBytes }) =>
    bar.update(Math.min(1, bytes / Math.max(totalBytes, 1)))
  const rows = { mode, maxBytes: COPY_BYTES_MAX[mode], maxMs, onProgress }
  const ground = await rehearsalGround(config, target)
  try {
    return await withRehearsal({ ground, id: 'advise', schema: { from: target }, rows }, (rehearsal) => {
      bar.stop()
      return work(rehearsal)
    })
  } finally {
    bar.stop()
  }
}

async function workloadOf(target: {
  queryable: Queryable
  workload: readonly { id: string; weight: number; sql: string }[] | null
}): Promise<Omit<FoundWorkload, 'source'> & { source: string }> {
  if (target.workload !== null) {
    const statements = target.workload.map(({ id, weight, sql }) => ({ id, weight, texts: [sql] }))
    return { source: 'file', statements, method: 'statements and weights as the file has them' }
  }
  const found = await readWorkload(target.queryable, systemClock)
  if (found.statements.length > 0) return found
  throw new EsaError(
    'workload.none',
    'terminal',
    `the queries of this database are unknown: ${found.method}`,
    {
      hint: 'give typical statements: --workload FILE',
    },
  )
}

function rowsOf({ tables }: Rehearsal): { tables: number; rows: number; sampled: string[] } {
  const sampled = tables.filter(({ complete }) => !complete).map(({ relation }) => relation)
  return { tables: tables.length, rows: tables.reduce((sum, { rows }) => sum + rows, 0), sampled }
}

/** Longest that the target's own statistics are read, ms. */
const SCALES_MS = 10_000

const SCALES = `select n.nspname || '.' || c.relname as name, asked.relation, greatest(c.reltuples, 0)::float8 as rows
  from unnest($1::text[]) asked(relation) join pg_class c on c.oid = to_regclass(asked.relation)
  join pg_namespace n on n.oid = c.relnamespace`

/** How many times more rows the target has of what was only sampled, as its own statistics count them. */
async function scalesOf(target: Queryable, { tables }: Rehearsal): Promise<Map<string, number>> {
  const sampled = new Map(
    tables.filter(({ complete }) => !complete).map(({ relation, rows }) => [relation, rows]),
  )
  const { rows } = await inReadOnly(target, SCALES_MS, (session) =>
    session.query(SCALES, [[...sampled.keys()]]),
  )
  return new Map(
    rows.map(({ name, relation, rows: all }) => {
      const copied = sampled.get(String(relation)) ?? 0
      return [String(name), copied === 0 ? 1 : Math.max(1, Number(all) / copied)]
    }),
  )
}

/** What else helps statements that no index brought under the goal: other forms of them, proven to give the same rows. */
async function rewritesOf(
  copy: Queryable,
  { queries }: IndexAdvice,
  progress: Progress,
): Promise<SlowStatement[]> {
  const slow = queries.filter(({ ok }) => !ok)
  if (slow.length > 0) progress.step('looking for other forms of what stays slow')
  const found: SlowStatement[] = []
  for (const { id, sql } of slow) {
    const { findings, rewrites } = await explainQuery(copy, sql, {
      timeoutMs: REWRITE_TIMEOUT_MS,
      terms: ON_COPY,
    })
    found.push({ id, rewrites, findings })
  }
  return found
}

const WORDS: Record<AdviseProgress['phase'], string> = {
  prepare: 'reading statistics',
  baseline: 'timing the statements as they are',
  build: 'building candidates and trying each',
  search: 'choosing',
  measure: 'timing before and after, in turn',
  writes: 'timing inserts',
}

/** A step for each phase; builds are reported, as they may take long. */
function telling(progress: Progress): (at: AdviseProgress) => void {
  let phase: AdviseProgress['phase'] | undefined
  return (at) => {
    if (at.phase !== phase) progress.step(WORDS[at.phase])
    phase = at.phase
    if (phase === 'build') progress.detail(`${at.done + 1} of ${at.total}: ${at.what}`)
  }
}

function minutes(text: string): number {
  const value = Number(text)
  if (value > 0 && value <= MINUTES_MAX) return value
  throw new EsaError(
    'usage.minutes',
    'terminal',
    `--max-minutes ${text} is not a number of minutes up to ${MINUTES_MAX}`,
  )
}
