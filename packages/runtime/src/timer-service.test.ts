import { EsaError } from '@esa/protocol'
import { ORG_CHART } from '@esa/org'
import { afterEach, describe, expect, it } from 'vitest'
import {
  BROKEN_AGENT,
  type ScriptedWorld,
  scriptedWorld,
  silent,
  WEDGED_MS,
} from '../testing/scripted-world.ts'
import { TimerService } from './timer-service.ts'
import { until } from '../testing/until.ts'

const AGENTS = ORG_CHART.map(({ id }) => id).filter((id) => id !== BROKEN_AGENT)
const services: TimerService[] = []

/** Deadlines that two batches of 256 do not hold. */
const MORE_THAN_A_TURN = 600

/** A running timer service, and the actors that it gave up. */
function serving({ store, host }: Pick<ScriptedWorld, 'store' | 'host'>): {
  service: TimerService
  wedged: string[]
} {
  const wedged: string[] = []
  const service = new TimerService({ store, host, log: silent, onWedged: (id) => void wedged.push(id) })
  services.push(service)
  service.start()
  return { service, wedged }
}

afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop()))
})

describe('the timer service', () => {
  it('serves every deadline once, though three serve at the same time', async () => {
    const world = scriptedWorld()
    for (const id of AGENTS) await world.host.command(id, { type: 'arm', waitMs: 1_000 })
    world.clock.turn(1_001)
    for (let n = 0; n < 3; n++) serving(world)
    await until('all are served', async () => (await world.store.due(200)).ids.length === 0)
    const fired = await Promise.all(AGENTS.map((id) => world.events(id, 'fired')))
    expect(fired.map((events) => events.length)).toEqual(AGENTS.map(() => 1))
    expect(await world.store.lateness(0)).toEqual(AGENTS.map(() => 1))
  })

  it('never serves early, and serves when it is woken at the next ms', async () => {
    const world = scriptedWorld()
    await world.host.command('layer-1', { type: 'arm', waitMs: 1_000 })
    world.clock.turn(1_000)
    let looks = 0
    const store = Object.create(world.store, {
      due: { value: (limit: number) => ++looks && world.store.due(limit) },
    }) as typeof world.store
    const { service } = serving({ store, host: world.host })
    await until('it has looked several times', () => {
      service.wake()
      return looks > 5
    })
    expect(await world.events('layer-1', 'fired')).toEqual([])
    world.clock.turn(1)
    service.wake()
    await until('it is served', async () => (await world.events('layer-1', 'fired')).length === 1)
  })

  it('gives up actors whose machine cannot take it, and serves the others behind all that a turn takes', async () => {
    const world = scriptedWorld()
    const last = 'layer-1'
    const broken: string[] = []
    while (broken.length < MORE_THAN_A_TURN) {
      const { state } = await world.host.open({ type: 'scripted', key: null, from: last, body: {} })
      broken.push(state.id)
    }
    for (const id of broken) await world.host.command(id, { type: 'arm', waitMs: WEDGED_MS })
    await world.host.command(last, { type: 'arm', waitMs: WEDGED_MS + 1 })
    world.clock.turn(20)
    const { wedged } = serving(world)
    await until('the last is served', async () => (await world.events(last, 'fired')).length === 1)
    expect(wedged.toSorted()).toEqual(broken.toSorted())
  })

  it('serves the others of a batch that the store refuses for one of them', async () => {
    const world = scriptedWorld()
    for (const id of ['layer-1', 'layer-2', 'layer-3'])
      await world.host.command(id, { type: 'arm', waitMs: 5 })
    world.clock.turn(10)
    const host = Object.create(world.host, {
      serveDue: {
        value: async (ids: string[]) => {
          if (ids.includes('layer-2'))
            throw new EsaError('database.data', 'terminal', 'a value it cannot take')
          return world.host.serveDue(ids)
        },
      },
    }) as typeof world.host
    const { wedged } = serving({ store: world.store, host })
    await until('the third is served', async () => (await world.events('layer-3', 'fired')).length === 1)
    expect(await world.events('layer-1', 'fired')).toHaveLength(1)
    expect(wedged).toEqual(['layer-2'])
  })

  it('goes on when the store was away', async () => {
    const world = scriptedWorld()
    await world.host.command('layer-1', { type: 'arm', waitMs: 5 })
    world.clock.turn(10)
    let away = 2
    const store = Object.create(world.store, {
      due: {
        value: async (limit: number) => {
          if (away-- > 0) throw new EsaError('database.unreachable', 'transient', 'away')
          return world.store.due(limit)
        },
      },
    }) as typeof world.store
    serving({ store, host: world.host })
    await until('it is served', async () => (await world.events('layer-1', 'fired')).length === 1)
  })
})
