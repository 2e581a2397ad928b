import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { INCIDENT_TYPE, type Incident, incidentContext, incidentKey, incidentView } from '@esa/escalation'
import { connectPool, createDatabase } from '@esa/pg-server'
import { type Category, EsaError, type JsonObject } from '@esa/protocol'
import type { StoredEvent } from '@esa/store'
import type { Pool } from 'pg'
import { osUser } from '@esa/cli/plugin-kit'
import { addTarget } from '../targets/targets.ts'
import type { World } from '../runtime.ts'
import type { Config } from '../config.ts'
import { shopWorkload } from './shop-workload.ts'

/** The name under which Layer 1 knows the demo's shop. */
export const SHOP_TARGET = 'demo-shop'

/** The shop's own database, on the same server as the runtime's. */
const SHOP_DATABASE = 'esa_demo_shop'

/** Pause between two looks at the store, ms. */
const LOOK_EVERY_MS = 50

/** The demo's hands on the runtime: it opens, commands and reads as any operator could. */
export class DemoWorld {
  readonly config: Config
  readonly world: World & { close(): Promise<void> }
  readonly shop: Pool
  readonly shopUrl: string
  readonly #interrupted: AbortSignal

  private constructor(
    config: Config,
    world: DemoWorld['world'],
    shop: Pool,
    shopUrl: string,
    interrupted: AbortSignal,
  ) {
    this.config = config
    this.world = world
    this.shop = shop
    this.shopUrl = shopUrl
    this.#interrupted = interrupted
  }

  /** Opens the runtime's world, makes the shop's database, and gives Layer 1 its address and its workload. */
  static async open(config: Config, interrupted: AbortSignal): Promise<DemoWorld> {
    const world = await config.runtime.openWorld(config)
    const shopUrl = await createDatabase(await config.runtime.ownerUrl(config), SHOP_DATABASE)
    const folder = join(config.home, 'demo')
    await mkdir(folder, { recursive: true })
    const workload = join(folder, 'shop-workload.sql')
    await writeFile(
      workload,
      shopWorkload.map(({ id, weight, sql }) => `-- id: ${id}\n-- weight: ${weight}\n${sql};\n`).join('\n'),
    )
    // The shop is ours, and so is its server: there is no other role to read it by.
    await addTarget(config, SHOP_TARGET, { at: shopUrl, workload, allowOwner: true })
    const shop = await connectPool(shopUrl, { max: 2, applicationName: 'esa demo' })
    return new DemoWorld(config, world, shop, shopUrl, interrupted)
  }

  /** Opens an incident of Layer 1. */
  async incident(category: Category, title: string, evidence: JsonObject): Promise<string> {
    const body = {
      agent: 'layer-1',
      category,
      title,
      dedupKey: `${SHOP_TARGET} ${category}`,
      evidence,
      by: osUser(),
    }
    const key = incidentKey('layer-1', body.dedupKey)
    const { state } = await this.world.host.open({ type: INCIDENT_TYPE, key, from: 'operator', body })
    return state.id
  }

  /** Gives an agent or an incident a command, as the operator. */
  async command(actorId: string, event: JsonObject & { type: string }): Promise<void> {
    await this.world.host.command(actorId, { as: 'operator', by: osUser(), ...event })
  }

  /** The incidents about the demo's shop that are open, the newest first. */
  async openIncidents(): Promise<Incident[]> {
    const { nowMs } = await this.world.store.runtime()
    const live = await this.world.store.listActors({ type: INCIDENT_TYPE, live: true })
    return live
      .filter(({ state }) => (incidentContext(state).dedupKey ?? '').includes(SHOP_TARGET))
      .map(({ state }) => incidentView(state, nowMs))
      .toReversed()
  }

  /** An incident as it is. */
  async view(id: string): Promise<Incident> {
    const found = await this.world.store.readActor(id)
    if (found === null) throw new EsaError('incident.unknown', 'bug', `incident ${id} is gone`)
    return incidentView(found.state, (await this.world.store.runtime()).nowMs)
  }

  events(id: string): Promise<StoredEvent[]> {
    return this.world.store.readStream(id)
  }

  /** Waits for an event of a type in a stream. @throws EsaError `demo.timed-out` (terminal), `demo.interrupted`. */
  event(id: string, type: string, withinMs: number): Promise<StoredEvent> {
    return this.until(`${type} of ${id}`, withinMs, async () =>
      (await this.events(id)).find((event) => event.type === type),
    )
  }

  /** @throws EsaError `demo.interrupted` after a Ctrl-C. */
  stopIfInterrupted(): void {
    this.#interrupted.throwIfAborted()
  }

  /** Looks until something is there. @throws EsaError `demo.timed-out` (terminal), `demo.interrupted`. */
  async until<T>(what: string, withinMs: number, look: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + withinMs
    for (;;) {
      this.#interrupted.throwIfAborted()
      const found = await look()
      if (found !== undefined) return found
      if (performance.now() > deadline) {
        throw new EsaError('demo.timed-out', 'terminal', `nothing came of this in ${withinMs} ms: ${what}`, {
          hint: 'run it again with ESA_LOG=info',
        })
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  }

  /** Takes back what an interrupted run left open. */
  async withdrawLeftovers(): Promise<void> {
    for (const { id } of await this.openIncidents()) await this.command(id, { type: 'withdraw' })
  }

  async close(): Promise<void> {
    await this.shop.end()
    await this.world.close()
  }
}
