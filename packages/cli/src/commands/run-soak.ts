import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { EsaError } from '@esa/protocol'
import { invariantOf, soak, type SoakReport } from '@esa/simulator'
import type { Config } from '../config.ts'
import { Progress } from '../progress.ts'
import { EXIT } from '../exit-codes.ts'
import { requireOrg } from '../load-org.ts'
import { answer } from '../output.ts'
import { IS_CHECKOUT, PROJECT_ROOT } from '../project-root.ts'
import { writeText } from './replay-verify.ts'
import type { SimulateFlags } from './run-simulation.ts'

/** Most seeds of one soak, and most minutes: a day of it. */
const SEEDS_MAX = 1_000_000
const MINUTES_MAX = 24 * 60

/** Where a run that broke something is kept; the tests there run it from then on. */
const HISTORIES_FOLDER = IS_CHECKOUT ? join(PROJECT_ROOT, 'test/histories') : process.cwd()

/** What `esa simulate --soak` says. Source: docs/cli.md, "Simulation". */
type SoakDocument = Omit<SoakReport, 'violations'> & {
  violations: { seed: string; invariant: string; story: string }[]
}

/** Soaks the whole organization in faults, seed after seed; exit 1 when an invariant broke. */
export async function soakOrganization(config: Config, flags: SimulateFlags): Promise<void> {
  const { seeds, minutes, seed } = checked(flags)
  const directory = await requireOrg(config.agents)
  const bar = new Progress().bar('seeds', seeds)
  let report: SoakReport
  try {
    report = await soak({
      directory,
      seeds,
      firstSeed: seed,
      stopAfterMs: minutes * 60_000,
      clock: () => performance.now(),
      onSeed: (done) => bar.update(done),
    })
  } finally {
    bar.stop()
  }
  const violations: SoakDocument['violations'] = []
  for (const violation of report.violations) {
    const { seed, invariant } = violation
    violations.push({ seed, invariant, story: await keep(violation) })
  }
  if (violations.length > 0) process.exitCode = EXIT.findings
  const document: SoakDocument = { ...report, violations }
  answer(config, document, () => textOfSoak(document))
}

/** A soak for people. */
export function textOfSoak(soaked: SoakDocument): string {
  const { seeds, years, speedup, liveMean, incidents, commits, logHash, faults, violations } = soaked
  const injected = Object.entries(faults).map(([kind, times]) => `${kind} ${times}`)
  return [
    `${seeds} seeds, ${years.toFixed(2)} simulated years at ${speedup.toLocaleString('en')} x real time`,
    `${incidents} incidents, ${liveMean.toFixed(1)} of them live on the average; ${commits} commits`,
    `faults: ${injected.length === 0 ? 'none' : injected.join(', ')}`,
    `log hash ${logHash}`,
    ...violations.map(
      ({ seed, invariant, story }) => `VIOLATION seed ${seed}: ${invariant}; kept as ${story}`,
    ),
    `${violations.length} violations`,
  ].join('\n')
}

async function keep({ seed, invariant, plan }: SoakReport['violations'][number]): Promise<string> {
  await mkdir(HISTORIES_FOLDER, { recursive: true })
  const name = invariantOf(invariant).replace(/\W+/g, '-').toLowerCase()
  const file = join(HISTORIES_FOLDER, `${name}-seed-${seed}.json`)
  await writeText(file, `${JSON.stringify({ invariant, plan }, null, 2)}\n`)
  return IS_CHECKOUT ? relative(PROJECT_ROOT, file) : file
}

function checked(flags: SimulateFlags): { seeds: number; minutes: number; seed: bigint } {
  const { seeds, minutes, seed = '1' } = flags
  const others = [flags.category, flags.horizon, flags.scenario, flags.at[0]]
  if (others.some((value) => value !== undefined))
    throw usage('--soak draws its own scenarios', 'leave the other options out')
  if (!/^\d{1,20}$/.test(seed)) throw usage(`--seed takes a whole number, got ${seed}`, '--seed 7')
  return {
    seeds: wholeUpTo('--seeds', seeds, SEEDS_MAX),
    minutes: minutes === undefined ? MINUTES_MAX : wholeUpTo('--minutes', minutes, MINUTES_MAX),
    seed: BigInt(seed),
  }
}

function wholeUpTo(option: string, given: string | undefined, most: number): number {
  const value = given !== undefined && /^\d+$/.test(given) ? Number(given) : 0
  if (value >= 1 && value <= most) return value
  throw usage(`${option} takes a whole number from 1 to ${most}`, 'esa simulate --soak --seeds 200')
}

function usage(message: string, hint: string): EsaError {
  return new EsaError('usage.soak', 'terminal', message, { hint })
}
