import { isEsaError } from '@esa/protocol'
import type { Ring, Store } from '@esa/store'
import type { Logger } from 'pino'
import { ActivityRunner } from './activity-runner.ts'
import { ActorHost } from './actor-host.ts'
import { DeliveryBatches } from './delivery-batches.ts'
import { Doorbell, type OnRing } from './doorbell.ts'
import type { DoorbellOptions } from './doorbell-backend.ts'
import type { OpeningLimit } from './flood-guard.ts'
import { OutboxRelay, type RelayBell } from './outbox-relay.ts'
import { MACHINE_PACE, type Pace } from './pace.ts'
import type { Registry } from './registry.ts'
import { traceIdOf, type Tracing } from './tracing.ts'
import { TimerService } from './timer-service.ts'
import { TroubleLog } from './trouble-log.ts'
import { TurnLoop } from './turn-loop.ts'

/** Pause between two signs of life, ms. */
const BEAT_MS = 2_000

/** At the end, activities may take this long; then they are aborted and left to the next worker, ms. */
const ACTIVITY_GRACE_MS = 3_000

/** Something that must reach a human even when the bus is down. */
export interface WorkerAlarm {
  code: string
  message: string
  details: Record<string, unknown>
}

/** What a worker is made of. */
export interface WorkerOptions {
  store: Store
  registry: Registry
  random: () => number
  log: Logger
  doorbell: Omit<DoorbellOptions, 'runtimeId'>
  identity: { id: string; pid: number; host: string; startedAt: number; now: () => number }
  onAlarm: (alarm: WorkerAlarm) => void
  openingLimit?: OpeningLimit
  /** Without one, nothing is traced. */
  tracing?: Tracing
}

/** What rings a worker: BullMQ, or a simulation's bus. */
export interface Bell extends RelayBell {
  start(onRing: OnRing): Promise<void>
  close(): Promise<void>
}

/** What a worker is made of when its bell and its pace are given. */
export type WorkerParts = Omit<WorkerOptions, 'doorbell'> & { bell: Bell; pace: Pace }

/** A running worker. `host` takes commands in this process; `stop` finishes the steps in hand. */
export interface RunningWorker {
  host: ActorHost
  stop(): Promise<void>
}

/**
 * Starts everything that acts: Workers on the queues, the relay of the outbox, the timer service, activities. Several
 * workers on one database are safe. @throws EsaError `queue.unreachable` (transient), `queue.evicting` (terminal).
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { store, log, doorbell, ...rest } = options
  const { id: runtimeId } = await store.runtime()
  const bell = new Doorbell({ ...doorbell, runtimeId }, log)
  return startWorkerOn({ ...rest, store, log, bell, pace: MACHINE_PACE })
}

/** A worker on any bell, at any pace: a simulation starts the same worker as a process does. */
export async function startWorkerOn(options: WorkerParts): Promise<RunningWorker> {
  const { store, registry, random, log, onAlarm, bell, pace, tracing } = options
  const traced = tracing === undefined ? {} : { tracing }
  const onCommit = ({ rings, nextDueAt }: { rings: Ring[]; nextDueAt: number | null }): void => {
    if (rings.length > 0) void bell.ring(rings)
    if (nextDueAt !== null) timers.wake()
  }
  const host = new ActorHost({
    store,
    registry,
    random,
    rings: true,
    onCommit,
    ...traced,
    ...(options.openingLimit === undefined ? {} : { openingLimit: options.openingLimit }),
  })
  const timers = new TimerService({
    store,
    host,
    log,
    pace,
    onWedged: (actorId, error) => onAlarm(alarmOf(error, { actorId })),
  })
  const relay = new OutboxRelay({ store, doorbell: bell, log, pace })
  const deliveries = new DeliveryBatches(host)
  const activities = new ActivityRunner({ store, host, registry, log, pace, ...traced })

  const trouble = new TroubleLog(log, 'work put off')
  await bell.start(async ({ kind, id }) => {
    try {
      if (kind === 'activity') await activities.run(id)
      else await deliver(deliveries, id, options)
    } catch (error) {
      // The queue tries again soon, and the sweep after that: the row is not done.
      trouble.add(error)
      throw error
    }
  })
  timers.start()
  relay.start()
  const unlisten = await store.listen(() => {
    relay.wake()
    timers.wake()
  })
  const beat = new Beat(options, [timers, relay])
  beat.start()
  return {
    host,
    stop: async () => {
      await Promise.all([unlisten(), timers.stop(), relay.stop(), beat.stop()])
      const abort = setTimeout(() => activities.abort(), ACTIVITY_GRACE_MS)
      await bell.close()
      clearTimeout(abort)
    },
  }
}

async function deliver(
  deliveries: DeliveryBatches,
  id: string,
  { log, onAlarm, tracing }: WorkerParts,
): Promise<void> {
  const delivery = await deliveries.deliver(id)
  if (delivery.outcome !== 'dead') {
    log.debug({ messageId: id, outcome: delivery.outcome }, 'message delivered')
    return
  }
  // Without the store: a dead-lettered message must be reported, also while the store is away.
  const { error, message } = delivery
  const { from, toActor: actorId, type, correlationId, trace } = message ?? {}
  const about = { messageId: id, from, actorId, type, correlationId, ...traceIdOf(trace) }
  log.error({ ...about, err: error }, 'message buried: its recipient can never take it')
  const attributes = { 'esa.message.id': id }
  tracing?.begin({ name: 'message buried', kind: 'consumer', parent: trace, attributes }).end({ error })
  if (error.kind === 'bug') onAlarm(alarmOf(error, { messageId: id }))
}

/** Signs of life, for operators; nothing is decided by them. */
class Beat extends TurnLoop {
  readonly #options: WorkerParts
  readonly #sweeps: { loop: TurnLoop; turns: number; since: number }[]

  constructor(options: WorkerParts, sweeps: TurnLoop[]) {
    super(options.pace.sleeper('beat'))
    this.#options = options
    this.#sweeps = sweeps.map((loop) => ({ loop, turns: -1, since: options.pace.now() }))
  }

  override async stop(): Promise<void> {
    await super.stop()
    const { store, identity, log } = this.#options
    await store.signOff(identity.id).catch((error: unknown) => log.warn({ err: error }, 'not signed off'))
  }

  protected override async turn(): Promise<number> {
    const { store, identity, log } = this.#options
    const { now, ...self } = identity
    await store
      .beat({ ...self, workerNowMs: now(), info: { sweepAgeMs: this.#sweepAgeMs() } })
      .catch((error: unknown) => log.warn({ err: error }, 'no sign of life written'))
    return BEAT_MS
  }

  /** How long the sweep that has rested longest has taken no turn, ms, seen from beat to beat. */
  #sweepAgeMs(): number {
    const now = this.#options.pace.now()
    for (const sweep of this.#sweeps) {
      if (sweep.loop.turns === sweep.turns) continue
      Object.assign(sweep, { turns: sweep.loop.turns, since: now })
    }
    return Math.round(Math.max(...this.#sweeps.map(({ since }) => now - since)))
  }
}

function alarmOf(error: unknown, details: Record<string, unknown>): WorkerAlarm {
  const code = isEsaError(error) ? error.code : 'runtime.bug'
  return { code, message: error instanceof Error ? error.message : String(error), details }
}
