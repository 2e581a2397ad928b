import { setTimeout as wait } from 'node:timers/promises'
import { INCIDENT_TYPE, incidentKey } from '@esa/escalation'
import { type AlarmChannels, raiseAlarm } from '@esa/notify'
import { digestJson, type JsonObject } from '@esa/protocol'
import { Sleeper } from '@esa/runtime'
import type { Logger } from 'pino'
import type { World } from '../world.ts'
import { checkSeals, type SealedPlace } from './check-seals.ts'
import { checkStreams, SLICES } from './check-streams.ts'
import { postSeals } from './post-seals.ts'
import type { SealFault } from './seal-book.ts'
import { Sealer } from './sealer.ts'

/** Pause between two seals, ms: what happened since the last one is not sealed yet. */
const SEAL_EVERY_MS = 60_000

/** Another worker of the same home sealed just now; a little less than the pause, as two clocks tick, ms. */
const JUST_SEALED_MS = 50_000

/** Seals between two checks: one an hour. */
const CHECK_EVERY = 60

const HOUR_MS = 3_600_000

/** A worker that stops does not wait longer for a seal or a check in hand, ms; half a line seals nothing. */
const STOP_WITHIN_MS = 5_000

/** Who learns of it, and as what. Source: docs/runbook.md, "log-integrity". */
const AGENT = 'agent-0'
const DEDUP_KEY = 'log-integrity'

/** Faults that an incident's evidence names; of more it says how many there are. */
const FAULTS_SHOWN = 20

/** What keeping seals takes. */
export interface KeeperPorts {
  world: World
  at: SealedPlace
  channels: AlarmChannels
  log: Logger
  /** Who opens the incident. */
  by: string
}

/**
 * Seals the log every minute, and checks it against the seals at the start and every hour. What is found opens an incident and
 * leaves by the alarm channels as well: who changed a log may change an incident. No failure here ends a worker.
 */
export class SealKeeper {
  readonly #ports: KeeperPorts
  readonly #sealer: Sealer
  readonly #sleeper = new Sleeper()
  #running: Promise<void> | null = null
  readonly #raised = new Set<string>()

  constructor(ports: KeeperPorts) {
    this.#ports = ports
    this.#sealer = new Sealer(ports.at)
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Ends with a last seal: what was done until now is sealed, unless a turn in hand takes too long. */
  async stop(): Promise<void> {
    this.#sleeper.stop()
    const late = wait(STOP_WITHIN_MS, 'late', { ref: false })
    if ((await Promise.race([this.#running, late])) === 'late') return
    await this.#guarded(() => this.#seal([]))
  }

  async #run(): Promise<void> {
    for (let turn = 0; !this.#sleeper.stopped; turn++) {
      await this.#guarded(() =>
        turn % CHECK_EVERY === 0 ? this.#checkAndSeal() : this.#sealUnlessJustDone(),
      )
      await this.#sleeper.sleep(SEAL_EVERY_MS)
    }
  }

  async #checkAndSeal(): Promise<void> {
    const { world, at } = this.#ports
    this.#raised.clear()
    const check = await checkSeals(at)
    await this.#raise(check?.broken ?? [])
    await this.#seal(check?.ahead ?? [])
    const slice = Math.floor(Date.now() / HOUR_MS) % SLICES
    await this.#raise(await checkStreams(world.store, at, slice, () => this.#sleeper.stopped))
  }

  async #sealUnlessJustDone(): Promise<void> {
    const writtenAt = await this.#ports.at.file.writtenAt()
    if (writtenAt !== null && Date.now() - writtenAt < JUST_SEALED_MS) return
    await this.#seal([])
  }

  async #seal(ahead: readonly string[]): Promise<void> {
    const { config } = this.#ports.world
    const { broken } = await this.#sealer.seal(ahead)
    const received = config.sealUrl === null ? [] : await postSeals(config.home, config.sealUrl)
    await this.#raise([...broken, ...received])
  }

  /** The same faults are raised once an hour: an open incident counts them, one that was resolved is opened again. */
  async #raise(faults: readonly SealFault[]): Promise<void> {
    const [first] = faults
    if (first === undefined) return
    const { world, channels, by, log } = this.#ports
    const found = digestJson(faults)
    if (this.#raised.has(found)) return
    this.#raised.add(found)
    log.error(
      { faults: faults.slice(0, FAULTS_SHOWN), count: faults.length },
      'the log is not as it was sealed',
    )
    const why = `${faults.length} ${faults.length === 1 ? 'difference' : 'differences'} between the log and its seals`
    const evidence: JsonObject = {
      faults: faults.slice(0, FAULTS_SHOWN).map((fault) => ({ ...fault })),
      count: faults.length,
      look: 'esa replay verify --all',
    }
    const body = { agent: AGENT, category: 'security', title: why, dedupKey: DEDUP_KEY, evidence, by }
    const alarm = { id: found, at: new Date().toISOString(), subject: DEDUP_KEY, why, details: evidence }
    const told = await Promise.allSettled([
      world.host.open({ type: INCIDENT_TYPE, key: incidentKey(AGENT, DEDUP_KEY), from: 'operator', body }),
      raiseAlarm(channels, alarm),
    ])
    for (const one of told)
      if (one.status === 'rejected')
        log.error({ err: one.reason }, 'a difference from the seals was not reported')
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => this.#ports.log.warn({ err: error }, 'the log was not sealed'))
  }
}
