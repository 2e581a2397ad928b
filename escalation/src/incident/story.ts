import type { JsonObject, Level } from '@esa/protocol'
import type { PathStep, Policy } from '../policy/policy.ts'
import type { TimelineEvent } from './timeline.ts'

/** Where an incident stood right after one event of its timeline. Times are ms since the Unix epoch, waits ms. */
export interface StoryMoment {
  seq: number
  at: number
  status: string
  level: Level
  epoch: number
  /** When the armed timer is due, or null once nothing is armed. */
  dueAt: number | null
  timerKind: string | null
  addressees: string[]
  /** Of the addressees, those who declined. */
  declined: string[]
  heldBy: string | null
  dataLoss: boolean
  duplicates: number
  /** What a suppression keeps of the wait; null while none does. */
  remainingMs: number | null
  /** Opened under a silence, and not notified yet. */
  silenced: boolean
  /** The CEO missed a wait and was notified once more. */
  ceoToldAgain: boolean
}

/** An incident's whole story: the ladder that it pinned, and a moment after each event. */
export interface Story {
  policy: Policy
  openedAt: number
  moments: StoryMoment[]
}

type Change = Partial<StoryMoment> & { moved?: boolean }
type Told = { moment: StoryMoment; moved: boolean }
type Fold = (before: Told, event: TimelineEvent, policy: Policy, at: number) => Change

/** Causes by which the CEO, notified already, is notified once more. */
const MISSED: ReadonlySet<unknown> = new Set(['wait missed', 'declined', 'escalate command'])

/**
 * Folds a timeline into what the incident was after each of its events: it reads what the log says, without any side effect.
 * `openedAt` is the first event's time, ms. Null for a timeline that does not begin with an opening.
 */
export function foldStory(events: readonly TimelineEvent[], openedAt: number): Story | null {
  const [first] = events
  if (first?.type !== 'incident.opened') return null
  const policy = first.data['policy'] as unknown as Policy
  let now: Told = { moment: opening(first, policy, openedAt), moved: false }
  const moments: StoryMoment[] = [now.moment]
  for (const event of events.slice(1)) {
    const at = openedAt + event.sinceMs
    const { moved = now.moved, ...change } = FOLDS[event.type]?.(now, event, policy, at) ?? {}
    now = { moved, moment: { ...now.moment, seq: event.seq, at, epoch: event.epoch, ...change } }
    moments.push(now.moment)
  }
  return { policy, openedAt, moments }
}

/** The rung of a level on a pinned ladder. */
export function rungAt({ path }: Policy, level: Level): { rung: PathStep; index: number } {
  const index = path.findIndex((step) => step.level === level)
  const rung = path[index]
  if (rung === undefined) throw new RangeError(`no ${level} on this path`)
  return { rung, index }
}

function opening({ seq, epoch, data }: TimelineEvent, { path }: Policy, at: number): StoryMoment {
  return {
    seq,
    at,
    status: 'entering',
    level: path[0]?.level ?? 'ceo',
    epoch,
    dueAt: null,
    timerKind: null,
    addressees: [],
    declined: [],
    heldBy: null,
    dataLoss: data['dataLoss'] === true,
    duplicates: 0,
    remainingMs: null,
    silenced: false,
    ceoToldAgain: false,
  }
}

/** What each event changes; one that is not here is listed and changes nothing. Source: docs/escalation.md, "Events". */
const FOLDS: Record<string, Fold> = {
  'incident.notified': notified,
  'incident.escalated': (_, { level }) => moveTo(level),
  'incident.level_passed': (_, { data }) => moveTo(data['to'] as Level),
  'incident.raised': (_, { level }) => ({ ...moveTo(level), dataLoss: true }),
  'incident.duplicated': (_, { data }) => ({ duplicates: Number(data['duplicates']) }),
  'incident.declined': ({ moment: { addressees, declined } }, { actor }) => ({
    declined: actor === undefined || actor === 'operator' ? addressees : [...declined, actor],
  }),
  'incident.reassigned': () => ({ heldBy: null }),
  'incident.ack_expired': () => ({ heldBy: null }),
  'incident.acknowledged': (_, { actor, data }, __, at) => ({
    status: 'acknowledged',
    heldBy: actor ?? null,
    timerKind: 'ack-timeout',
    dueAt: at + Number(data['forMs']),
  }),
  'incident.snoozed': (_, { data }, __, at) => ({
    status: 'snoozed',
    heldBy: null,
    timerKind: 'snooze-end',
    dueAt: at + Number(data['forMs']),
  }),
  'incident.suppressed': (_, { data }, __, at) => suppressed(data, at),
  'incident.unsuppressed': ({ moment }, { data }, _, at) =>
    moment.silenced
      ? { silenced: false, remainingMs: null }
      : { ...armed(at + Number(data['remainingMs'])), remainingMs: null },
  'incident.exhausted': (_, __, { alarmEveryMs }, at) => ({
    status: 'exhausted',
    heldBy: null,
    timerKind: 'alarm',
    dueAt: at + alarmEveryMs,
  }),
  'incident.alarmed': ({ moment }, _, { alarmEveryMs }, at) =>
    moment.status === 'exhausted' ? { dueAt: at + alarmEveryMs } : {},
  'incident.resolved': () => closed(),
  'incident.withdrawn': () => closed(),
}

function notified(
  { moment, moved }: Told,
  { level, data }: TimelineEvent,
  policy: Policy,
  at: number,
): Change {
  const { rung, index } = rungAt(policy, level as Level)
  const cause = data['cause']
  const told = {
    level: rung.level,
    addressees: data['targets'] as string[],
    declined: [],
    heldBy: null,
    moved: false,
  }
  const stands = cause === 'reassigned' && moment.status === 'triggered'
  const again = !moved && index === policy.path.length - 1 && MISSED.has(cause)
  return {
    ...told,
    ...(stands ? {} : armed(at + rung.waitMs)),
    ...(again ? { ceoToldAgain: true } : {}),
    remainingMs: null,
    silenced: false,
  }
}

function armed(dueAt: number): Change {
  return { status: 'triggered', timerKind: 'ack-wait', dueAt }
}

function moveTo(level: string | undefined): Change {
  return { level: level as Level, moved: true, declined: [], heldBy: null }
}

function suppressed({ silence, until, forMs, remainingMs }: JsonObject, at: number): Change {
  return {
    status: 'suppressed',
    silenced: typeof silence === 'string',
    remainingMs: Number(remainingMs),
    timerKind: 'suppression-end',
    dueAt: typeof until === 'number' ? until : at + Number(forMs),
  }
}

function closed(): Change {
  return { status: 'resolved', dueAt: null, timerKind: null, remainingMs: null }
}
