import { WORKLOAD_RUNS } from '../../activities/measure.activity.ts'
import { mapPgError } from '@esa/pg-server'
import { measure, type MetricReading } from '@esa/database-advice/measure'
import { EsaError, formatDuration } from '@esa/protocol'
import { answer, colours, columns, durationFlag, EXIT, note } from '@esa/cli/plugin-kit'
import type { Config } from '../../config.ts'
import { requireOrg } from '../../runtime.ts'
import { warnOfPassword } from '../../targets/password-warning.ts'
import { collectWarnings } from '../../targets/target-warnings.ts'
import { openTarget } from '../../targets/targets.ts'

/** Options of `esa db measure`. */
export interface MeasureFlags {
  target: string
  workload?: string
  window?: string
}

/** Longest that traffic is sampled by one command, ms: a watch looks longer. */
const WINDOW_MAX_MS = 10 * 60_000

/**
 * Measures the metrics of Layer 1's card on a target, from this process: no runtime is needed and nothing is kept.
 * Exit 1 when one is out of bounds. @throws EsaError `usage.*`, `target.unknown`, `file.*`, `workload.*`, `database.*`.
 */
export async function measureTarget(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target: name, workload, window }: MeasureFlags,
): Promise<void> {
  const sampleMs = window === undefined ? undefined : windowMs(window)
  warnOfPassword(name)
  const thresholds = (await requireOrg(config)).get('layer-1')?.card?.metrics ?? []
  if (thresholds.length === 0) {
    throw new EsaError('card.no-metrics', 'terminal', 'the card of layer-1 promises no metric', {
      hint: 'add "## Success Metrics" to its card',
    })
  }
  const target = await openTarget(config, name, environment, { workloadFile: workload })
  try {
    // A database that is away is an error of the call, not a reading.
    await target.queryable.query('select 1')
    if (process.stderr.isTTY) note(colours.dim('measuring: reading only, this takes some seconds'))
    const { terms, warnings } = collectWarnings(target.terms)
    const metrics = await measure(target.queryable, {
      thresholds,
      ...(sampleMs === undefined ? {} : { sampleMs }),
      ...(target.workload === null
        ? {}
        : {
            workload: {
              statements: [...target.workload],
              runs: WORKLOAD_RUNS,
              terms: { ...terms, caller: 'workload' },
            },
          }),
    })
    if (metrics.some(({ ok }) => ok === false)) process.exitCode = EXIT.findings
    answer(config, { metrics, warnings }, () => text(metrics))
  } catch (error) {
    throw mapPgError(error)
  } finally {
    await target.close()
  }
}

function windowMs(text: string): number {
  const ms = durationFlag('--window', text)
  if (ms <= WINDOW_MAX_MS) return ms
  throw new EsaError('usage.window', 'terminal', `--window ${text} is longer than 10 minutes`, {
    hint: 'keep looking with: esa db watch --target NAME --every 60s',
  })
}

function text(metrics: MetricReading[]): string {
  const row = ({
    key,
    value,
    unit,
    comparator,
    threshold,
    ok,
    samples,
    window,
    method,
    why,
  }: MetricReading) => [
    ok === null ? colours.dim('?') : ok ? colours.green('ok') : colours.red('BREACH'),
    key,
    value === null ? '-' : `${value} ${unit}`,
    `${comparator} ${threshold} ${unit}`,
    samples === 0 ? '-' : `${samples}${window === null ? '' : ` in ${formatDuration(window)}`}`,
    why ?? method,
  ]
  return columns([['', 'METRIC', 'VALUE', 'PROMISED', 'SAMPLES', 'HOW'], ...metrics.map(row)])
}
