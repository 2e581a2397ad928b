import type { MetricFigures } from '@esa/operations'
import type { KeptReading } from '@esa/store'
import { type Family, only, type Sample, seconds } from './family.ts'

type KindFigures = MetricFigures['kinds'][number]

/** Who works, what waits for them, and what they look after. Agents are labeled by their kind alone: there are seven. */
export function workFamilies(seen: MetricFigures): Family[] {
  return [...workers(seen), ...backlog(seen), ...agents(seen), ...databases(seen)]
}

function workers({ workers: count, beatAgeMs, figures }: MetricFigures): Family[] {
  const gauge = (name: string, help: string, value: number | null): Family => ({
    name: `esa_${name}`,
    help,
    type: 'gauge',
    samples: only(value),
  })
  return [
    gauge('workers', 'Workers that give signs of life.', count),
    gauge('worker_beat_age_seconds', 'Since the youngest sign of life of a worker.', seconds(beatAgeMs)),
    gauge(
      'worker_sweep_age_seconds',
      'Time since the last sweep for undelivered jobs.',
      seconds(figures.sweep.ageMs),
    ),
    gauge(
      'worker_clock_skew_seconds',
      'The worker’s clock that is farthest from the store’s, minus the store’s.',
      seconds(figures.clock.skewMs),
    ),
  ]
}

function backlog({ backlog: { messages, activities, dead, oldestMs } }: MetricFigures): Family[] {
  const gauge = (name: string, help: string, value: number): Family => ({
    name: `esa_${name}`,
    help,
    type: 'gauge',
    samples: only(value),
  })
  return [
    gauge('messages_waiting', 'Messages that their recipient has not taken yet.', messages),
    gauge(
      'message_oldest_seconds',
      'Age of the oldest message that waits; 0 without one.',
      seconds(oldestMs ?? 0),
    ),
    gauge('messages_dead', 'Messages that were given up.', dead),
    gauge('activities_waiting', 'Activities that have not ended.', activities),
  ]
}

function agents({ kinds }: MetricFigures): Family[] {
  const known = kinds.filter(({ agents: count }) => count > 0)
  const family = (
    type: 'counter' | 'gauge',
    name: string,
    help: string,
    of: (kind: KindFigures) => number | null,
  ): Family => ({
    name: `esa_${name}`,
    help,
    type,
    samples: known.flatMap((figures): Sample[] => {
      const value = of(figures)
      return value === null ? [] : [{ labels: { kind: figures.kind }, value }]
    }),
  })
  return [
    family('gauge', 'agents', 'Agents of a kind.', (one) => one.agents),
    family(
      'gauge',
      'agents_overloaded',
      'Agents that have more to do than they can.',
      (one) => one.overloaded.length,
    ),
    family(
      'counter',
      'agent_tasks_completed_total',
      'Tasks that agents ended well.',
      (one) => one.tasksCompleted,
    ),
    family('counter', 'agent_tasks_failed_total', 'Tasks that agents ended badly.', (one) => one.tasksFailed),
    family('gauge', 'agent_task_average_seconds', 'Mean time from taking a task to its end.', (one) =>
      seconds(one.averageMs),
    ),
    family(
      'gauge',
      'agent_task_error_ratio',
      'Share of ended tasks that ended badly.',
      (one) => one.errorRate,
    ),
    family('gauge', 'agent_open_items', 'Entries that wait in inboxes.', (one) => one.openItems),
    family(
      'gauge',
      'agent_last_active_timestamp_seconds',
      'When an agent of this kind last did anything.',
      (one) => seconds(one.lastActiveAt),
    ),
  ]
}

/** A database without a reading for so long is no longer watched, ms. */
const FORGOTTEN_AFTER_MS = 86_400_000

/** What one of a card's units is in its base unit. */
const BASE_UNITS: Record<string, { unit: string; factor: number }> = {
  ms: { unit: 'seconds', factor: 1e-3 },
  s: { unit: 'seconds', factor: 1 },
  min: { unit: 'seconds', factor: 60 },
  '%': { unit: 'ratio', factor: 1e-2 },
  count: { unit: 'count', factor: 1 },
}

function databases({ readings, nowMs }: MetricFigures): Family[] {
  const family = (name: string, help: string, of: (kept: KeptReading) => number | null): Family => ({
    name: `esa_database_metric_${name}`,
    help,
    type: 'gauge',
    samples: measured.flatMap((kept): Sample[] => {
      const value = of(kept)
      const unit = baseOf(kept.reading['unit']).unit
      const labels = { target: kept.target, metric: kept.key, ...(UNITED.has(name) ? { unit } : {}) }
      return value === null ? [] : [{ labels, value }]
    }),
  })
  // Probes are kept beside the readings, and have no unit: what is shown of them is the uptime.
  const measured = readings.filter(
    ({ at, reading }) => typeof reading['unit'] === 'string' && nowMs - at < FORGOTTEN_AFTER_MS,
  )
  const inBase = (kept: KeptReading, member: 'value' | 'threshold'): number | null => {
    const value = kept.reading[member]
    return typeof value === 'number' ? value * baseOf(kept.reading['unit']).factor : null
  }
  return [
    family('value', 'The last reading of a watched database.', (kept) => inBase(kept, 'value')),
    family('threshold', 'What the card promises of it.', (kept) => inBase(kept, 'threshold')),
    family(
      'ok',
      '1 within its bounds, 0 out of them; absent where nothing could be measured.',
      ({ reading }) => (typeof reading['ok'] === 'boolean' ? Number(reading['ok']) : null),
    ),
    family('age_seconds', 'Since the last reading.', ({ at }) => Math.max(0, seconds(nowMs - at))),
  ]
}

/** Families whose values have the unit of their metric. */
const UNITED: ReadonlySet<string> = new Set(['value', 'threshold'])

function baseOf(unit: unknown): { unit: string; factor: number } {
  return BASE_UNITS[String(unit)] ?? { unit: String(unit), factor: 1 }
}
