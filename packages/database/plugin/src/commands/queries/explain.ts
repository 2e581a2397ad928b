import { answer, colours, durationFlag, findingsText, Progress } from '@esa/cli/plugin-kit'
import { isLoopback } from '@esa/pg-server'
import type { Queryable } from '@esa/database-catalog/sql'
import { explainQuery, type OnCopy, type TriedRewrite } from '@esa/database-advice/queries'
import { withRehearsal } from '@esa/database-sandbox'
import type { Config } from '../../config.ts'
import { copyConsent, type CopyFlag } from '../../targets/copy-consent.ts'
import { onTarget } from '../../targets/on-target.ts'
import { rehearsalGround } from '../../sandbox/rehearsal-ground.ts'
import { collectWarnings } from '../../targets/target-warnings.ts'
import { resolveTarget } from '../../targets/targets.ts'

/** Options of `esa db explain`. */
export interface ExplainFlags {
  target: string
  timeout?: string
  copyRows?: CopyFlag
}

/** Cut-off of the explained run, ms: what takes longer is explained by a person who knows what else it holds up. */
const TIMEOUT_MS = 30_000

/** Most of a target's disk that is copied to try one statement's indexes, bytes, and longest that copying takes, ms. */
const COPY_BYTES_MAX = 512 * 2 ** 20
const COPY_MS_MAX = 60_000

/**
 * Explains one SELECT on a target, and tries what would mend it: on the target what only reads, on a copy of its rows what
 * has to be built. A target on another machine is copied only with `--copy-rows`. SQL that the guard refuses is not
 * executed (exit 5).
 * @throws EsaError `sql.not-a-read`, `sql.parameters`, `sql.role-too-strong`, `sql.logged`, `target.unknown`, `database.*`.
 */
export async function explainSql(
  config: Config,
  environment: NodeJS.ProcessEnv,
  sql: string,
  flags: ExplainFlags,
): Promise<void> {
  const target = await resolveTarget(config, flags.target, environment)
  const { url } = target
  const timeoutMs =
    flags.timeout === undefined ? (target.timeoutMs ?? TIMEOUT_MS) : durationFlag('--timeout', flags.timeout)
  await onTarget(config, environment, flags.target, async ({ queryable, terms }) => {
    const copied = isLoopback(url) || flags.copyRows !== undefined
    const onCopy = copied ? copyOf(config, queryable, url, flags.copyRows) : undefined
    const caller = isLoopback(url) ? 'host' : 'foreign'
    const collected = collectWarnings(terms)
    const explained = await explainQuery(queryable, sql, {
      timeoutMs,
      terms: { ...collected.terms, caller },
      ...(onCopy ? { onCopy } : {}),
    })
    const { findings, rewrites, executionMs } = explained
    answer(config, { ...explained, warnings: collected.warnings }, () =>
      [
        executionMs === null ? `stopped: cut off after ${timeoutMs} ms` : `${executionMs.toFixed(1)} ms`,
        findings.length === 0 ? 'nothing found' : findingsText(findings),
        ...rewrites.filter(isFaster).map(rewriteText),
      ].join('\n'),
    )
  })
}

function copyOf(config: Config, from: Queryable, url: string, flag: CopyFlag): OnCopy {
  return async (work) => {
    const progress = new Progress()
    progress.step('trying what was found on a copy')
    const bar = progress.bar('rows', 1)
    const rows = {
      mode: copyConsent(url, flag, 'sample'),
      maxBytes: COPY_BYTES_MAX,
      maxMs: COPY_MS_MAX,
      onProgress: ({ bytes, totalBytes }: { bytes: number; totalBytes: number }) =>
        bar.update(Math.min(1, bytes / Math.max(totalBytes, 1))),
    }
    try {
      const ground = await rehearsalGround(config, from)
      return await withRehearsal({ ground, id: 'explain', schema: { from }, rows }, async ({ queryable }) => {
        bar.stop()
        return work(queryable)
      })
    } finally {
      bar.stop()
    }
  }
}

/** People are shown what helps; the document has what was tried in vain, too. */
function isFaster({ gain }: TriedRewrite): boolean {
  return gain !== undefined && gain.afterMs < gain.beforeMs
}

function rewriteText({ rule, sql, sameRows, gain, note }: TriedRewrite): string {
  const worth = gain ? `${gain.beforeMs.toFixed(1)} ms -> ${gain.afterMs.toFixed(1)} ms` : 'not measured'
  const rows = sameRows ? 'the same rows' : 'another answer'
  const lines = [
    `${colours.bold('rewrite')} ${rule}: ${rows}, ${worth}`,
    sql,
    ...(note === undefined ? [] : [note]),
  ]
  return lines.join('\n    ')
}
