import { LATENESS_BOUNDS_MS, type MetricFigures } from '@esa/operations'
import { LEVELS } from '@esa/protocol'
import type { LevelTally } from '@esa/store'
import { type Family, only, type Sample, seconds } from './family.ts'

/** Events that alerts wait for. They are there with 0 before the first one: of a counter that is new, Prometheus sees no increase. */
const AWAITED = ['incident.alarmed', 'incident.level_passed', 'notice.failed']

/** What the ladder does: what is open and in what state, what happened, and how late it was. Source: docs/observability.md. */
export function ladderFamilies({ figures, tallies }: MetricFigures): Family[] {
  const { open, overdue, exhaustedCount, unanswered, acks, suppressed, lateness } = figures
  const gauge = (name: string, help: string, samples: Sample[]): Family => ({
    name: `esa_${name}`,
    help,
    type: 'gauge',
    samples,
  })
  return [
    latenessFamily(tallies),
    gauge(
      'escalation_lateness_promise_seconds',
      'A deadline is served within this of its instant.',
      only(seconds(lateness.promiseMs)),
    ),
    {
      name: 'esa_incident_events_total',
      help: 'Events of the log that name a level, since its beginning.',
      type: 'counter',
      samples: eventSamples(tallies),
    },
    gauge(
      'incidents_open',
      'Open incidents by the level on which they stand, and their status.',
      open.levels.flatMap(({ level, byStatus }) =>
        Object.entries(byStatus).map(([status, value]) => ({ labels: { level, status }, value })),
      ),
    ),
    gauge('incidents_open_all', 'Open incidents.', only(open.total)),
    gauge(
      'deadlines_overdue',
      'Open incidents with an overdue deadline, by level.',
      open.levels.map(({ level, overdue: value }) => ({ labels: { level }, value })),
    ),
    gauge('deadlines_overdue_all', 'Open incidents past their deadline.', only(overdue)),
    gauge(
      'deadline_next_seconds',
      'Until the next deadline of a level.',
      open.levels.flatMap(({ level, toDeadlineMs }) =>
        toDeadlineMs === null ? [] : [{ labels: { level }, value: seconds(toDeadlineMs) }],
      ),
    ),
    gauge(
      'incidents_exhausted',
      'Open incidents that are exhausted: no level acknowledged.',
      only(exhaustedCount),
    ),
    gauge('incidents_unacknowledged', 'Open incidents without an acknowledgement.', only(unanswered.count)),
    gauge(
      'incident_oldest_unacknowledged_seconds',
      'Age of the oldest open incident without an acknowledgement; 0 without one.',
      only(seconds(unanswered.oldestMs) ?? 0),
    ),
    gauge('incidents_suppressed', 'Open incidents that are held back.', only(suppressed.count)),
    gauge(
      'acknowledgement_oldest_seconds',
      'Age of the oldest acknowledgement; 0 without one.',
      only(seconds(acks.oldestMs) ?? 0),
    ),
    gauge(
      'response_within_target_ratio',
      'Share of those notified in 30 days that answered within the level’s target.',
      figures.response.levels.flatMap(({ level, withinTarget }) =>
        withinTarget === null ? [] : [{ labels: { level }, value: withinTarget }],
      ),
    ),
  ]
}

function eventSamples(tallies: readonly LevelTally[]): Sample[] {
  const groups = Map.groupBy(tallies, ({ type, level }) => JSON.stringify([type, level]))
  const counted = [...groups.values()].map((group) => {
    const { type, level } = group[0]!
    return { labels: { type, level }, value: group.reduce((sum, { count }) => sum + count, 0) }
  })
  const none = AWAITED.flatMap((type) => LEVELS.map((level) => ({ labels: { type, level }, value: 0 })))
  return [
    ...counted,
    ...none.filter(({ labels }) => !groups.has(JSON.stringify([labels.type, labels.level]))),
  ]
}

/** By the level that an incident reached with it. A bucket holds all that is not above its bound, as Prometheus wants it. */
function latenessFamily(tallies: readonly LevelTally[]): Family {
  const name = 'esa_escalation_lateness_seconds'
  const late = tallies.filter(({ type, bucket }) => bucket !== null && type.startsWith('incident.'))
  const seen = Map.groupBy(late, ({ level }) => level)
  const levels = LEVELS.map((level) => [level, seen.get(level) ?? []] as const)
  const samples = levels.flatMap(([level, ofLevel]) => {
    const upTo = (index: number): number =>
      ofLevel.reduce((sum, { bucket, count }) => sum + (bucket! <= index ? count : 0), 0)
    const all = upTo(LATENESS_BOUNDS_MS.length)
    const sum = ofLevel.reduce((total, { lateSumMs }) => total + lateSumMs, 0)
    return [
      ...LATENESS_BOUNDS_MS.map((bound, index) => ({
        name: `${name}_bucket`,
        labels: { level, le: String(seconds(bound)) },
        value: upTo(index),
      })),
      { name: `${name}_bucket`, labels: { level, le: '+Inf' }, value: all },
      { name: `${name}_sum`, labels: { level }, value: seconds(sum) },
      { name: `${name}_count`, labels: { level }, value: all },
    ]
  })
  const help = 'How long after its deadline each timer of an incident was served, since the log began.'
  return { name, help, type: 'histogram', samples }
}
