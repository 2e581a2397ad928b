import { expect, it } from 'vitest'
import type { Pace, Sleep, Sleeping } from './pace.ts'
import { scriptedWorld, silent } from '../testing/scripted-world.ts'
import { startWorkerOn } from './worker.ts'

/** A sleep that ends when the test says so. */
class ToldSleep implements Sleep {
  stopped = false
  #end: () => void = () => {}
  #fallAsleep: () => void = () => {}

  /** Resolves when a loop sleeps here: the turn before is over. */
  asleep = this.#nextSleep()

  sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#end = resolve
      if (this.stopped) resolve()
      this.#fallAsleep()
    })
  }

  /** Lets one more turn be taken. */
  rouse(): void {
    this.asleep = this.#nextSleep()
    this.#end()
  }

  wake(): void {}

  stop(): void {
    this.stopped = true
    this.#end()
  }

  #nextSleep(): Promise<void> {
    return new Promise((resolve) => (this.#fallAsleep = resolve))
  }
}

it('tells with every sign of life how long its sweeps have taken no turn', async () => {
  let now = 1_000
  const sleeps = new Map<Sleeping, ToldSleep>()
  const pace: Pace = {
    now: () => now,
    sleeper: (of) => {
      const sleep = new ToldSleep()
      sleeps.set(of, sleep)
      return sleep
    },
    abortAfter: () => new AbortController().signal,
  }
  const { store, registry } = scriptedWorld()
  let hangs: Promise<never> | null = null
  const due = store.due.bind(store)
  store.due = (limit) => hangs ?? due(limit)
  const bell = {
    isBuilt: true,
    isDeaf: () => false,
    rebuild: async () => {},
    ring: async () => {},
    start: async () => {},
    close: async () => {},
  }
  const identity = { id: 'w1', pid: 1, host: 'h', startedAt: now, now: () => now }
  const random = () => 0.5
  await startWorkerOn({
    store,
    registry,
    random,
    log: silent,
    identity,
    bell,
    pace,
    onAlarm: () => {},
  })
  const turn = async (of: Sleeping): Promise<void> => {
    sleeps.get(of)!.rouse()
    await sleeps.get(of)!.asleep
  }
  const told = async () => (await store.workers())[0]?.info
  for (const of of ['timers', 'relay', 'beat'] as const) await sleeps.get(of)!.asleep
  now += 2_000
  for (const of of ['timers', 'relay', 'beat'] as const) await turn(of)
  expect(await told()).toEqual({ sweepAgeMs: 0 })

  hangs = new Promise(() => {})
  sleeps.get('timers')!.rouse()
  now += 2_000
  await turn('relay')
  await turn('beat')
  expect(await told()).toEqual({ sweepAgeMs: 2_000 })
  now += 2_000
  await turn('beat')
  expect(await told()).toEqual({ sweepAgeMs: 4_000 })
})
