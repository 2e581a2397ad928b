import { isoTime } from '@esa/protocol'
import { DAY_MS, FACTS_MAX, type IncidentFact, type IncidentOutline, MONTH_MS } from './figure-sources.ts'
import { percentile } from './percentile.ts'
import { type LevelResponse, responses } from './response.ts'
import { emergencyShare, type EmergencyShare, resolvedShares, type ResolvedShares } from './shares.ts'
import { standingFigures, type StandingFigures } from './standing-figures.ts'

/** A timer is served within this of its deadline, ms. Source: docs/escalation.md, 5. */
const PROMISE_MS = 1_000

/** A worker's sign of life: how old it was, by how much its clock is off, and how long its sweeps have rested, ms. */
interface WorkerSign {
  beatAgeMs: number
  skewMs: number
  sweepAgeMs: number | null
}

/** What the figures are made of: facts the newest first, at most `FACTS_MAX` of each window. */
export interface FigureSources {
  nowMs: number
  outlines: readonly IncidentOutline[]
  day: readonly IncidentFact[]
  month: readonly IncidentFact[]
  workers: readonly WorkerSign[]
}

/** From when on a window was counted; `complete` false says that it held more than was read. */
interface Window {
  windowMs: number
  sinceAt: string
  complete: boolean
}

/** How late deadlines were served, against the promise. */
type Lateness = Window & {
  promiseMs: number
  samples: number
  p50Ms: number | null
  p99Ms: number | null
  maxMs: number | null
}

/** What operators must see of the ladder. Source: docs/escalation.md, "What operators see". */
export interface OperatorFigures extends StandingFigures {
  lateness: Lateness
  passed: Window & { total: number; byLevel: Record<string, number> }
  notices: Window & { failed: number; dropped: number }
  resolved: Window & ResolvedShares
  emergencies: Window & EmergencyShare
  response: Window & { levels: LevelResponse[] }
  /** The youngest of the workers' sweeps: they find undelivered jobs. Null without a worker. */
  sweep: { ageMs: number | null }
  /** The clock that is farthest from the store's. Deadlines do not depend on it, sleeping does. */
  clock: { skewMs: number | null }
}

/** Folds what was read into the figures. Pure: the same sources give the same figures. */
export function operatorFigures({ nowMs, outlines, day, month, workers }: FigureSources): OperatorFigures {
  const ofDay = windowOf(day, nowMs, DAY_MS)
  const ofMonth = windowOf(month, nowMs, MONTH_MS)
  const count = (type: string): number => day.filter((fact) => fact.type === type).length
  return {
    ...standingFigures(outlines, nowMs),
    lateness: { ...ofDay, ...lateness(day) },
    passed: { ...ofDay, ...passedLevels(day) },
    notices: {
      ...ofDay,
      failed: count('notice.failed'),
      dropped: count('notice.dropped'),
    },
    resolved: { ...ofMonth, ...resolvedShares(month) },
    emergencies: { ...ofMonth, ...emergencyShare(month) },
    response: { ...ofMonth, levels: responses(month, nowMs) },
    sweep: { ageMs: youngestSweep(workers) },
    clock: { skewMs: farthestClock(workers) },
  }
}

function windowOf(facts: readonly IncidentFact[], nowMs: number, windowMs: number): Window {
  const complete = facts.length < FACTS_MAX
  const since = complete ? nowMs - windowMs : (facts.at(-1)?.at ?? nowMs)
  return { windowMs, sinceAt: isoTime(since), complete }
}

function lateness(facts: readonly IncidentFact[]): Omit<Lateness, keyof Window> {
  const late = facts.flatMap(({ lateMs }) => (lateMs === null ? [] : [lateMs])).toSorted((a, b) => a - b)
  return {
    promiseMs: PROMISE_MS,
    samples: late.length,
    p50Ms: percentile(late, 0.5),
    p99Ms: percentile(late, 0.99),
    maxMs: late.at(-1) ?? null,
  }
}

function passedLevels(facts: readonly IncidentFact[]): { total: number; byLevel: Record<string, number> } {
  const byLevel: Record<string, number> = {}
  const passed = facts.filter(({ type }) => type === 'incident.level_passed')
  for (const { level } of passed) byLevel[level] = (byLevel[level] ?? 0) + 1
  return { total: passed.length, byLevel }
}

function youngestSweep(workers: readonly WorkerSign[]): number | null {
  const ages = workers.flatMap(({ beatAgeMs, sweepAgeMs }) =>
    sweepAgeMs === null ? [] : [beatAgeMs + sweepAgeMs],
  )
  return ages.length === 0 ? null : Math.min(...ages)
}

function farthestClock(workers: readonly WorkerSign[]): number | null {
  const skews = workers.map(({ skewMs }) => skewMs).toSorted((a, b) => Math.abs(b) - Math.abs(a))
  return skews[0] ?? null
}
