import { hash as digest } from 'node:crypto'
import { drawPlan } from './draw-plan.ts'
import type { Plan } from './plan.ts'
import { shrinkPlan } from './shrink.ts'
import { runPlan, type SoakOptions, type SoakResult } from './soak-run.ts'

const YEAR_MS = 365.25 * 86_400_000

/** Which seeds are soaked, and for how long at most; `clock` gives ms that only move on. */
export interface Soak extends SoakOptions {
  seeds: number
  firstSeed: bigint
  stopAfterMs: number
  clock: () => number
  /** Called after every seed with the number done. */
  onSeed?: (done: number) => void
}

/** A seed that broke an invariant, and the shortest plan that still does. */
interface SoakViolation {
  seed: string
  invariant: string
  plan: Plan
}

/** What a soak came to. `speedup` is planned time over the time that everything took, checks and all. */
export interface SoakReport {
  seeds: number
  years: number
  speedup: number
  liveMean: number
  incidents: number
  commits: number
  logHash: string
  faults: Record<string, number>
  violations: SoakViolation[]
}

/** Runs seed after seed, each three days of an organization; a seed that breaks something is shrunk. */
export async function soak(options: Soak): Promise<SoakReport> {
  const { seeds, firstSeed, stopAfterMs, clock, onSeed } = options
  const beganAt = clock()
  const results: SoakResult[] = []
  const violations: SoakViolation[] = []
  let simulatedMs = 0
  let shrinkingMs = 0
  for (let done = 0; done < seeds && clock() - beganAt < stopAfterMs; done++) {
    const plan = drawPlan(firstSeed + BigInt(done), options.directory)
    const result = await runPlan(plan, options)
    results.push(result)
    simulatedMs += plan.lastsMs
    if (result.violation !== null) {
      const shrinkingAt = clock()
      const invariant = result.violation
      violations.push({ seed: plan.seed, invariant, plan: await shrinkPlan(plan, invariant, options) })
      shrinkingMs += clock() - shrinkingAt
    }
    onSeed?.(done + 1)
  }
  const tookMs = Math.max(1, clock() - beganAt - shrinkingMs)
  const sum = (of: (result: SoakResult) => number): number =>
    results.reduce((total, one) => total + of(one), 0)
  return {
    seeds: results.length,
    years: simulatedMs / YEAR_MS,
    speedup: Math.round(simulatedMs / tookMs),
    liveMean: results.length === 0 ? 0 : sum(({ liveMean }) => liveMean) / results.length,
    incidents: sum(({ incidents }) => incidents),
    commits: sum(({ commits }) => commits),
    logHash: digest('sha256', results.map(({ logHash }) => logHash).join('\n')),
    faults: faultsOf(results),
    violations,
  }
}

function faultsOf(results: SoakResult[]): Record<string, number> {
  const sums = new Map<string, number>()
  for (const { faults } of results) {
    for (const [kind, times] of Object.entries(faults)) sums.set(kind, (sums.get(kind) ?? 0) + times)
  }
  return Object.fromEntries([...sums].sort(([one], [other]) => (one < other ? -1 : 1)))
}
