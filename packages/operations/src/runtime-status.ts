import type { OperatorFigures } from '@esa/escalation'
import { isoTime } from '@esa/protocol'
import type { LogGuard, Residence, Store } from '@esa/store'
import { oneOperator } from './accounts.ts'
import { readFigures } from './figures.ts'
import type { World } from './world.ts'

/** How often workers look for deadlines and messages by themselves, ms. Source: the timer service and the relay of the outbox. */
const POLL_MS = 500

/** What only the composition root knows of the runtime: where its database is, who guards its log, what its queues are on. */
export interface Surroundings {
  /** Without its password. */
  database: string
  queues: 'postgresql' | 'redis'
  /** False through a pooler, where workers poll alone. */
  listens: boolean
  residence: Residence
  guard: LogGuard
}

/** A worker as it was heard of last. */
export interface WorkerDocument {
  id: string
  pid: number
  host: string
  startedAt: string
  beatAgeMs: number
  skewMs: number
}

/** What runs, what is open by level, and how late the ladder itself has been. */
export interface RuntimeStatus extends OperatorFigures {
  runtimeId: string
  running: boolean
  database: string
  /** True in a copy: nothing acts until an operator adopts it. */
  muted: boolean
  here: Residence['here']
  places: Residence['places']
  queues: Surroundings['queues']
  /** `guarded` false: the operator of this may remove the log's triggers, and then only kept heads show what was changed. */
  log: { role: string; owner: string; guarded: boolean }
  wake: { listen: boolean; pollMs: number }
  timeScale: number
  /** The name of the person who approves alone, in the mode for one operator; null while two persons approve. */
  oneOperator: string | null
  nowAt: string
  agents: number
  workers: WorkerDocument[]
  backlog: Awaited<ReturnType<Store['backlog']>>
}

/** Reads the state of a runtime. */
export async function runtimeStatus(
  { store, directory, timeScale }: Pick<World, 'store' | 'directory' | 'timeScale'>,
  { database, queues, listens, residence, guard: { role, owner, why } }: Surroundings,
): Promise<RuntimeStatus> {
  const { id, nowMs } = await store.runtime()
  const [{ figures, workers: beats }, backlog, operator] = await Promise.all([
    readFigures(store, nowMs),
    store.backlog(),
    oneOperator(store),
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
    database,
    muted: !residence.atHome,
    here: residence.here,
    places: residence.places,
    queues,
    log: { role, owner, guarded: why === null },
    wake: { listen: listens, pollMs: POLL_MS },
    timeScale,
    oneOperator: operator?.name ?? null,
    nowAt: isoTime(nowMs),
    agents: directory.all().length,
    workers,
    ...figures,
    backlog,
  }
}
