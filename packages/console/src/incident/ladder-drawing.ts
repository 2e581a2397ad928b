import type { ForecastStep, Story, StoryMoment, TimelineEvent } from '@esa/escalation'
import type { Level } from '@esa/protocol'
import { agentName, agentNames } from '../agent-names.ts'
import { comingAfter, stepWords } from './coming.ts'
import { isStep } from './event-words.ts'

/** A stretch of time in a lane; `to` null: it lasts. */
export interface Bar {
  from: number
  to: number | null
  status: string
  label: string
  seq: number
}

/** A stretch that is still to come. */
export interface ComingBar {
  from: number
  to: number
  label: string
}

/** A point in a lane: something happened; `lateMs` where a timer was served late. */
export interface MarkPoint {
  at: number
  seq: number
  type: string
  event: TimelineEvent
  lateMs: number
}

/** One tier: whom it has, what happened there, what comes. */
export interface Lane {
  level: string
  agents: string[]
  waitMs: number | null
  cardLine: number | null
  /** When this tier was first notified, or null. */
  toldFrom: number | null
  bars: Bar[]
  coming: ComingBar[]
  marks: MarkPoint[]
}

/** A picture of a story up to one of its moments; times are ms since the Unix epoch. */
export interface Drawing {
  lanes: Lane[]
  from: number
  until: number
  closed: boolean
}

/** The lanes, from the top. */
const TIERS: readonly Level[] = ['ceo', 'chief', 'domain', 'peer']

/** Where a time is drawn, px. */
export type Scale = (at: number) => number

/** What is drawn beyond the last step that matters, as a part of the whole. */
const MARGIN = 0.18

/** Draws a story as it stood after `moment`, with what was to come then. The highest tier comes first. */
export function drawLadder(story: Story, events: readonly TimelineEvent[], moment: StoryMoment): Drawing {
  const past = story.moments.filter(({ seq }) => seq <= moment.seq)
  const steps = comingAfter(story, moment)
  const bars = barsOf(past)
  const lanes = TIERS.map((level): Lane => {
    const rung = story.policy.path.find((step) => step.level === level)
    const own = bars.filter((bar) => bar.level === level)
    return {
      level,
      agents: rung?.agents ?? [],
      waitMs: rung?.waitMs ?? null,
      cardLine: rung?.cardLine ?? null,
      toldFrom: own.find(({ status }) => status !== 'suppressed')?.from ?? null,
      bars: own,
      coming: comingOf(level, steps),
      marks: marksOf(level, events, past),
    }
  })
  return {
    lanes,
    from: story.openedAt,
    until: endOf(story, moment, steps),
    closed: moment.status === 'resolved',
  }
}

function barsOf(past: readonly StoryMoment[]): (Bar & { level: string })[] {
  const bars: (Bar & { level: string })[] = []
  for (const [n, moment] of past.entries()) {
    const { status, level, at, seq, heldBy, dueAt } = moment
    const before = past[n - 1]
    const last = bars.at(-1)
    const same =
      before?.status === status &&
      before.level === level &&
      before.heldBy === heldBy &&
      before.dueAt === dueAt
    if (same) continue
    if (last?.to === null) last.to = at
    if (status === 'entering' || status === 'resolved') continue
    bars.push({ from: at, to: null, status, level, label: labelOf(moment), seq })
  }
  return bars.filter(({ from, to }) => to === null || to > from)
}

function labelOf({ status, heldBy, addressees }: StoryMoment): string {
  switch (status) {
    case 'triggered':
      return `waiting for ${agentNames(addressees)}`
    case 'acknowledged':
      return `${agentName(heldBy ?? 'somebody')} has it`
    default:
      return status
  }
}

function comingOf(level: string, steps: readonly ForecastStep[]): ComingBar[] {
  return steps.flatMap((step, n) => {
    const next = steps[n + 1]
    if (step.level !== level || next === undefined) return []
    return [{ from: step.at, to: next.at, label: stepWords(step) }]
  })
}

function marksOf(level: string, events: readonly TimelineEvent[], past: readonly StoryMoment[]): MarkPoint[] {
  return past.flatMap(({ seq, at, level: standsAt }, n) => {
    const event = events[n]
    if (event === undefined || !isStep(event) || (event.level ?? standsAt) !== level) return []
    return [{ at, seq, type: event.type, event, lateMs: event.lateMs ?? 0 }]
  })
}

/** Until the top level is notified for the first time; what repeats after that is in the table. */
function endOf({ openedAt, moments }: Story, moment: StoryMoment, steps: readonly ForecastStep[]): number {
  const known = moments.at(-1)?.at ?? openedAt
  if (moment.status === 'resolved') return Math.max(known, openedAt + 1_000)
  const last = steps.findLast(({ what }) => what === 'told')?.at ?? steps[0]?.at ?? moment.at
  const end = Math.max(last, moment.dueAt ?? 0)
  // A replay keeps what happened later in the picture, so that its scale does not change.
  return Math.max(known, end + (end - openedAt) * MARGIN)
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const STEPS = [
  ...[1, 2, 5, 10, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12, 24, 48, 168].map((n) => n * HOUR),
]

/** Round times of the reader's clock between two instants, at most `most` of them. */
export function ticksBetween(from: number, until: number, most: number): { at: number; stepMs: number }[] {
  const stepMs = STEPS.find((step) => (until - from) / step <= most) ?? (until - from) / most
  const zone = new Date(from).getTimezoneOffset() * MINUTE
  const first = Math.ceil((from - zone) / stepMs) * stepMs + zone
  const count = Math.max(0, Math.floor((until - first) / stepMs) + 1)
  return Array.from({ length: count }, (_, n) => ({ at: first + n * stepMs, stepMs }))
}
