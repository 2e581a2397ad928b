import { EsaError } from '@esa/protocol'
import type { Ring } from '@esa/store'
import { afterEach, describe, expect, it } from 'vitest'
import { OutboxRelay, type RelayBell } from './outbox-relay.ts'
import { type ScriptedWorld, scriptedWorld, silent } from '../testing/scripted-world.ts'
import { until } from '../testing/until.ts'

/** A bell that notes what it rings; `away` makes its rebuilds fail. */
class NotedBell implements RelayBell {
  isBuilt = true
  away = false
  deaf = false
  rebuilds = 0
  rung: Ring[] = []

  isDeaf(): boolean {
    return this.deaf
  }

  async rebuild(): Promise<void> {
    this.rebuilds++
    this.isBuilt = !this.away
    if (this.away) throw new EsaError('queue.unreachable', 'transient', 'away')
    this.deaf = false
  }

  async ring(rings: Ring[]): Promise<void> {
    this.rung.push(...rings)
  }
}

const relays: OutboxRelay[] = []
function relaying({ store }: ScriptedWorld, bell: NotedBell): OutboxRelay {
  const relay = new OutboxRelay({ store, doorbell: bell, log: silent })
  relays.push(relay)
  relay.start()
  return relay
}

afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.stop()))
})

const note = { from: 'layer-1', to: 'layer-2', type: 'note', body: {} }

describe('the relay', () => {
  it('rings again, as another job, what was rung and not heard, and nothing that is done', async () => {
    const world = scriptedWorld()
    const bell = new NotedBell()
    const unheard = await world.host.post(note)
    await world.host.deliver(await world.host.post(note))
    const relay = relaying(world, bell)
    for (const attempt of [1, 2]) {
      world.clock.turn(2_000 * attempt)
      await until(`attempt ${attempt}`, () => {
        relay.wake()
        return bell.rung.length === attempt
      })
    }
    expect(bell.rung).toMatchObject([
      { kind: 'message', id: unheard, queue: 'layers', attempt: 1 },
      { id: unheard, attempt: 2 },
    ])
    expect(bell.rebuilds).toBe(0)
  })

  it('takes no row while there is no bell, so that the first ring after it is back is not put off', async () => {
    const world = scriptedWorld()
    const bell = new NotedBell()
    bell.isBuilt = false
    bell.away = true
    await world.host.post(note)
    const relay = relaying(world, bell)
    await until('several turns passed', () => {
      relay.wake()
      return bell.rebuilds > 5
    })
    expect(bell.rung).toEqual([])
    bell.away = false
    await until('it rings', () => {
      relay.wake()
      return bell.rung.length === 1
    })
    expect(bell.rung[0]?.attempt).toBe(1)
  })

  it('rebuilds a bell that stays deaf to a ring, and one that answers never', async () => {
    const world = scriptedWorld()
    const bell = new NotedBell()
    await world.host.post(note)
    const relay = relaying(world, bell)
    bell.deaf = true
    world.clock.turn(2_000)
    await until('first sweep', () => {
      relay.wake()
      return bell.rung.length === 1
    })
    expect(bell.rebuilds).toBe(0)
    world.clock.turn(4_000)
    await until('second sweep', () => {
      relay.wake()
      return bell.rung.length === 2
    })
    expect(bell.rebuilds).toBe(1)
  })
})
