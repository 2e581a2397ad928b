import { isoTime, type Level, LEVELS } from '@esa/protocol'
import type { IncidentOutline } from './figure-sources.ts'

/** Incidents that are named one by one, the most pressing: the counts say how many there are. */
const NAMED_MAX = 100

/** What is open at one level: how many, how many of those are past their deadline, and the next deadline. */
interface LevelStanding {
  level: Level
  open: number
  byStatus: Record<string, number>
  overdue: number
  nextDeadlineAt: string | null
  toDeadlineMs: number | null
}

/** An acknowledgement that runs: how old it is, and how long it holds yet. */
interface RunningAck {
  id: string
  level: string
  heldBy: string | null
  ageMs: number
  leftMs: number
}

/** What is open at this instant. */
export interface StandingFigures {
  open: {
    total: number
    byLevel: Record<string, number>
    byStatus: Record<string, number>
    levels: LevelStanding[]
  }
  overdue: number
  /** The first hundred of them. */
  exhausted: string[]
  exhaustedCount: number
  /** `silenced` of them by a silence. */
  suppressed: { count: number; silenced: number; nextEndAt: string | null }
  /** Those without an acknowledgement, escalating or exhausted. */
  unanswered: { count: number; oldestMs: number | null }
  /** The hundred that end first. */
  acks: { count: number; oldestMs: number | null; running: RunningAck[] }
}

/** One live incident with what its outline says. */
interface Standing {
  id: string
  status: string
  level: string
  dueAt: number | null
  holdMs: number
  heldBy: string | null
  silenced: boolean
  openedAt: number | null
}

/** Neither acknowledged nor suppressed. */
const UNANSWERED: ReadonlySet<string> = new Set(['triggered', 'exhausted'])

/** Counts what is open. Times are ms of the store's clock. */
export function standingFigures(outlines: readonly IncidentOutline[], nowMs: number): StandingFigures {
  const open = outlines.map(standingOf)
  const exhausted = open.filter(({ status }) => status === 'exhausted').map(({ id }) => id)
  const unanswered = open.filter(({ status }) => UNANSWERED.has(status))
  const suppressed = open.filter(({ status }) => status === 'suppressed')
  const acks = open
    .filter(({ status }) => status === 'acknowledged')
    .map((one) => runningAck(one, nowMs))
    .toSorted((a, b) => a.leftMs - b.leftMs)
  return {
    open: {
      total: open.length,
      byLevel: countBy(open, 'level'),
      byStatus: countBy(open, 'status'),
      levels: LEVELS.map((level) => levelStanding(level, open, nowMs)),
    },
    overdue: open.filter(({ dueAt }) => isOverdue(dueAt, nowMs)).length,
    exhausted: exhausted.slice(0, NAMED_MAX),
    exhaustedCount: exhausted.length,
    suppressed: {
      count: suppressed.length,
      silenced: suppressed.filter(({ silenced }) => silenced).length,
      nextEndAt: instantOf(earliest(suppressed)),
    },
    unanswered: {
      count: unanswered.length,
      oldestMs: unanswered.reduce<number | null>(
        (oldest, { openedAt }) => (openedAt === null ? oldest : Math.max(oldest ?? 0, nowMs - openedAt)),
        null,
      ),
    },
    acks: {
      count: acks.length,
      oldestMs: acks.reduce<number | null>((oldest, { ageMs }) => Math.max(oldest ?? 0, ageMs), null),
      running: acks.slice(0, NAMED_MAX),
    },
  }
}

function standingOf({ id, status, dueAt, fields }: IncidentOutline): Standing {
  const [path, index, holdMs, acknowledgedBy, silence, openedAt, holdMs1, acknowledgedBy1] = fields
  const rungs = (path ?? []) as { level: string }[]
  return {
    id,
    status,
    dueAt,
    level: rungs[Number(index ?? 0)]?.level ?? '',
    holdMs: Number(holdMs ?? holdMs1 ?? 0),
    heldBy: (acknowledgedBy ?? acknowledgedBy1 ?? null) as string | null,
    silenced: (silence ?? null) !== null,
    openedAt: (openedAt ?? null) as number | null,
  }
}

function levelStanding(level: Level, open: readonly Standing[], nowMs: number): LevelStanding {
  const here = open.filter((one) => one.level === level)
  const next = earliest(here.filter(({ dueAt }) => !isOverdue(dueAt, nowMs)))
  return {
    level,
    open: here.length,
    byStatus: countBy(here, 'status'),
    overdue: here.filter(({ dueAt }) => isOverdue(dueAt, nowMs)).length,
    nextDeadlineAt: instantOf(next),
    toDeadlineMs: next === null ? null : next - nowMs,
  }
}

/** An acknowledgement is as old as its time-out is: armed when it began, for as long as it holds. */
function runningAck({ id, level, heldBy, dueAt, holdMs }: Standing, nowMs: number): RunningAck {
  const leftMs = (dueAt ?? nowMs) - nowMs
  return { id, level, heldBy, ageMs: holdMs - leftMs, leftMs }
}

function isOverdue(dueAt: number | null, nowMs: number): boolean {
  return dueAt !== null && nowMs > dueAt
}

function earliest(open: readonly Standing[]): number | null {
  return open.reduce<number | null>(
    (first, { dueAt }) => (dueAt === null ? first : Math.min(first ?? dueAt, dueAt)),
    null,
  )
}

function instantOf(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms)
}

function countBy(open: readonly Standing[], key: 'level' | 'status'): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const one of open) counts[one[key]] = (counts[one[key]] ?? 0) + 1
  return counts
}
