import { answer, colours, EXIT, findingsText, Progress } from '@esa/cli/plugin-kit'
import { systemClock } from '@esa/database-catalog/sql'
import { effectText, type Migration } from '@esa/database-migrations/plan'
import { type Verdict, verifyMigration } from '@esa/database-migrations/verify'
import type { Config } from '../../config.ts'
import { readMigrations } from '../../files/migration-files.ts'
import { onRehearsal, type RehearsalFlags } from '../../sandbox/on-rehearsal.ts'
import { reportDataLoss } from '../authority/report-data-loss.ts'
import { isTargetName, resolveTarget } from '../../targets/targets.ts'
import { keepVerified } from '../../sandbox/verified-copies.ts'

/** Words of a stage for people. */
const STAGE = { keep: 'keeping the rows before', run: 'running', compare: 'comparing' }

/**
 * Runs a migration on a copy with rows and answers whether everything that was there is still somewhere. Exit 1 when data
 * would be lost, or when it does not run; a loss on a named target opens an incident.
 * @throws EsaError `file.*`, `sql.*`, `migration.not-applicable`, and what `onRehearsal` throws.
 */
export async function verifyFile(
  config: Config,
  environment: NodeJS.ProcessEnv,
  path: string,
  flags: RehearsalFlags,
): Promise<void> {
  // What cannot be read costs no copy.
  let migrations = await readMigrations(path)
  const verdicts = await onRehearsal(
    config,
    environment,
    flags,
    { id: 'verify', rows: 'full', seesAllRows: true },
    async (rehearsal, target) => {
      if (target !== null) migrations = await readMigrations(path, target)
      const whole = flags.target === undefined || rehearsal.tables.every(({ complete }) => complete)
      const found: Verdict[] = []
      for (const migration of migrations) {
        const stages = bars()
        const verdict = await verifyMigration(
          { queryable: rehearsal.queryable, whole, missing: rehearsal.missing },
          migration,
          stages.show,
        ).finally(stages.end)
        found.push(verdict)
        // What follows a migration that did not run to its end would run on another database than the target.
        if (verdict.lossless !== true) break
      }
      if (flags.target !== undefined) await remember(config, environment, flags.target, migrations, found)
      return found.map((verdict) => ({ ...verdict, findings: [...verdict.findings, ...rehearsal.missing] }))
    },
  )
  const verdict = merged(verdicts)
  if (verdict.findings.some(({ severity }) => severity === 'error')) process.exitCode = EXIT.findings
  const { target } = flags
  const lost = verdict.lossless === false && target !== undefined && isTargetName(target)
  const { id = path } = migrations[verdicts.length - 1] ?? {}
  const incident = lost
    ? await reportDataLoss(config, { target, migration: id, mismatches: verdict.mismatches, rehearsed: true })
    : null
  answer(config, { ...verdict, incident }, () => text(verdict))
}

/** The apply of the same text on the same target uses the result. */
async function remember(
  config: Config,
  environment: NodeJS.ProcessEnv,
  target: string,
  migrations: Migration[],
  verdicts: Verdict[],
): Promise<void> {
  const { url } = await resolveTarget(config, target, environment)
  for (const [nth, { lossless, mismatches, rows, tables, effects }] of verdicts.entries()) {
    const state = lossless === null ? 'unverified' : lossless ? 'verified' : 'lost'
    const losses = mismatches.map(
      ({ relation, column, why }) => `${column === undefined ? relation : `${relation}.${column}`}: ${why}`,
    )
    const why = lossless === false ? losses.join('; ') : `on a copy of ${rows} rows of ${tables} tables`
    const verification = { state, why, effects } as const
    await keepVerified(config, url, migrations[nth]!.hash, verification, Math.round(systemClock.now()))
  }
}

/** The target has got everything. */
const NOTHING: Verdict = { lossless: true, mismatches: [], findings: [], tables: 0, rows: 0, effects: {} }

/** Of several migrations one after the other: lossless when each is. */
function merged(verdicts: Verdict[]): Verdict {
  const last = verdicts.at(-1) ?? NOTHING
  const findings = verdicts.flatMap((verdict) => verdict.findings)
  return {
    ...last,
    findings: findings.filter(
      (one, nth) => findings.findIndex(({ message }) => message === one.message) === nth,
    ),
  }
}

function bars(): { show: (stage: keyof typeof STAGE, done: number, of: number) => void; end: () => void } {
  let shown: { stage: string; bar: ReturnType<Progress['bar']> } | null = null
  const end = (): void => shown?.bar.stop()
  const show = (stage: keyof typeof STAGE, done: number, of: number): void => {
    if (shown?.stage !== stage) {
      end()
      shown = { stage, bar: new Progress().bar(STAGE[stage], of) }
    }
    shown.bar.update(done)
  }
  return { show, end }
}

function text({ lossless, mismatches, findings, tables, rows, effects }: Verdict): string {
  const said = {
    true: colours.green('nothing is lost'),
    false: colours.red('DATA WOULD BE LOST'),
    null: colours.yellow('unverified'),
  }[String(lossless) as 'true' | 'false' | 'null']
  const losses = mismatches.map(
    ({ relation, column, why }) =>
      `    ${colours.bold(column === undefined ? relation : `${relation}.${column}`)} ${why}`,
  )
  const others = findings.filter(({ kind }) => kind !== 'data-loss')
  return [
    `${said}: ${rows} rows of ${tables} tables compared before and after, on a copy`,
    ...losses,
    ...Object.entries(effects).flatMap(([step, taken]) =>
      taken.map((effect) => `    ${step} takes an approval: ${effectText(effect)}`),
    ),
    ...(others.length === 0 ? [] : [findingsText(others)]),
  ].join('\n')
}
