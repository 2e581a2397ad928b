import { INCIDENT_TYPE, incidentView } from '@esa/escalation'
import type { Directory } from '@esa/org'
import { describeUrl, isPooler } from '@esa/pg-server'
import { formatDuration, isoTime } from '@esa/protocol'
import { type LogGuard, logGuard, type Store } from '@esa/store'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'
import { loadOrg } from '../load-org.ts'
import { describePlace, residenceOf } from '../residence.ts'
import { inStore } from '../store-access.ts'

/** A worker that has not been heard of for this long is taken for gone, ms: its beat comes every 2 s. */
const BEAT_STALE_MS = 10_000

/** How often workers look for deadlines and messages by themselves, ms. Source: the timer service and the relay of the outbox. */
const POLL_MS = 500

/** Lateness is told over this window, ms. */
const WINDOW_MS = 24 * 3_600_000

/** What runs, what is open by level, and how late the ladder itself has been. */
export async function status(config: Config): Promise<void> {
  const { directory } = await loadOrg(config.agents)
  await inStore(config, async (store, databaseUrl) => {
    const seen = await figures(config, store, databaseUrl, directory)
    answer(config, seen, () => text(seen))
  })
}

type Figures = Awaited<ReturnType<typeof figures>>

async function figures(config: Config, store: Store, databaseUrl: string, directory: Directory) {
  const { id, nowMs } = await store.runtime()
  const [{ here, places, atHome }, guard, live, late, backlog, beats] = await Promise.all([
    residenceOf(config, databaseUrl),
    logGuard(databaseUrl),
    store.listActors({ type: INCIDENT_TYPE, live: true }),
    store.lateness(nowMs - WINDOW_MS),
    store.backlog(),
    store.workers(),
  ])
  const open = live.map(({ state }) => incidentView(state, nowMs))
  const workers = beats
    .filter(({ beatAt }) => nowMs - beatAt <= BEAT_STALE_MS)
    .map(({ id: workerId, pid, host, startedAt, beatAt, skewMs }) => ({
      id: workerId,
      pid,
      host,
      startedAt: isoTime(startedAt),
      beatAgeMs: nowMs - beatAt,
      skewMs,
    }))
  return {
    runtimeId: id,
    running: workers.length > 0,
    database: describeUrl(databaseUrl),
    muted: !atHome,
    here,
    places,
    queues: config.redisUrl === null ? 'postgresql' : 'redis',
    log: guardOf(guard),
    wake: { listen: !isPooler(databaseUrl), pollMs: POLL_MS },
    timeScale: config.timeScale,
    nowAt: isoTime(nowMs),
    agents: directory.all().length,
    workers,
    open: { total: open.length, byLevel: countBy(open, 'level'), byStatus: countBy(open, 'status') },
    overdue: live.filter(({ state: { timer } }) => timer !== null && nowMs > timer.dueAt).length,
    exhausted: open.filter((incident) => incident.status === 'exhausted').map((incident) => incident.id),
    lateness: { windowMs: WINDOW_MS, promiseMs: 1_000, ...percentiles(late) },
    backlog,
  }
}

function countBy<Key extends 'level' | 'status'>(
  incidents: { [K in Key]: string }[],
  key: Key,
): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const incident of incidents) counts[incident[key]] = (counts[incident[key]] ?? 0) + 1
  return counts
}

function percentiles(values: number[]): {
  samples: number
  p50Ms: number | null
  p99Ms: number | null
  maxMs: number | null
} {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number | null =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null
  return { samples: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: sorted.at(-1) ?? null }
}

function text(seen: Figures): string {
  const { open, lateness, backlog, workers } = seen
  const counts = (record: Record<string, number>): string =>
    Object.entries(record)
      .map(([key, n]) => `${n} ${key}`)
      .join(', ') || 'none'
  const late =
    lateness.samples === 0
      ? 'no deadline served in 24 h'
      : `p50 ${lateness.p50Ms} ms, p99 ${lateness.p99Ms} ms, max ${lateness.maxMs} ms of ${lateness.samples} (promise ${lateness.promiseMs} ms)`
  const running = workers.map(
    ({ id, pid, host, beatAgeMs }) => `${id} pid ${pid} on ${host}, heard ${formatDuration(beatAgeMs)} ago`,
  )
  return columns([
    [
      'runtime',
      `${seen.runtimeId}${seen.timeScale === 1 ? '' : colours.yellow(` (new waits divided by ${seen.timeScale})`)}`,
    ],
    ...(seen.muted ? [[colours.yellow('MUTED'), mutedNote(seen)]] : []),
    ['database', `${seen.database}, queues on ${seen.queues}`],
    ['wake-ups', wakeNote(seen)],
    ['log', logNote(seen)],
    ['workers', running.length === 0 ? colours.yellow('none: start one with: esa up') : running.join('; ')],
    ['open', `${open.total} (${counts(open.byLevel)}; ${counts(open.byStatus)})`],
    ['overdue', String(seen.overdue)],
    ['lateness', late],
    ['backlog', `${backlog.messages} messages, ${backlog.activities} activities, ${backlog.dead} given up`],
  ])
}

function mutedNote({ here, places }: Figures): string {
  return `this is ${describePlace(here)}, its runtime is at home in ${places.map(describePlace).join(', ')}; to let it act here: esa adopt`
}

/** `guarded` false: whoever runs this may take the log's triggers away, and then only kept heads show what was changed. */
function guardOf({ role, owner, why }: LogGuard): { role: string; owner: string; guarded: boolean } {
  return { role, owner, guarded: why === null }
}

function logNote({ log: { role, owner, guarded } }: Figures): string {
  return guarded
    ? `append-only to ${role}, owned by ${owner}`
    : colours.yellow(
        `guarded by triggers and hash chains alone, because ${role} could take them away: esa doctor`,
      )
}

function wakeNote({ wake: { listen, pollMs } }: Figures): string {
  return listen
    ? `by LISTEN, and polled every ${pollMs} ms`
    : `polled every ${pollMs} ms: there is no LISTEN through a pooler`
}
