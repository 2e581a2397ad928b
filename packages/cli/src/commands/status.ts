import { readFigures } from '@esa/operations'
import type { Directory } from '@esa/org'
import { describeUrl, isPooler } from '@esa/pg-server'
import { formatDuration, isoTime } from '@esa/protocol'
import { type LogGuard, logGuard, type Store } from '@esa/store'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'
import { figureRows } from '../figures-text.ts'
import { loadOrg } from '../load-org.ts'
import { describePlace, residenceOf } from '../residence.ts'
import { inStore } from '../store-access.ts'

/** How often workers look for deadlines and messages by themselves, ms. Source: the timer service and the relay of the outbox. */
const POLL_MS = 500

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
  const [{ here, places, atHome }, guard, { figures: ladder, workers: beats }, backlog] = await Promise.all([
    residenceOf(config, databaseUrl),
    logGuard(databaseUrl),
    readFigures(store, nowMs),
    store.backlog(),
  ])
  const workers = beats.map(({ id: workerId, pid, host, startedAt, beatAt, skewMs }) => ({
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
    ...ladder,
    backlog,
  }
}

function text(seen: Figures): string {
  const { backlog, workers } = seen
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
    ...figureRows(seen),
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
