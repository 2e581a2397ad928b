import { describe, expect, it } from 'vitest'
import { Agenda } from './agenda.ts'
import { SimulatedPace } from './simulated-pace.ts'
import type { Process } from './weather.ts'

const POLL_MS = 500

/** A loop that looks for deadlines by the runtime's rule, and when it found which. */
async function looking(
  dueAts: { armedAt: number; dueAt: number }[],
  how: 'ticked' | 'jumped',
): Promise<{ found: number[]; looks: number }> {
  const agenda = new Agenda()
  const process: Process = { name: 'worker', worker: 0, alive: true, frozenUntil: 0, tasks: 0 }
  const armed: number[] = []
  const next = (): number | null => (armed.length === 0 ? null : Math.min(...armed))
  const pace = new SimulatedPace(agenda, process, () => {
    const dueAt = next()
    return dueAt === null ? null : dueAt + 1
  })
  const sleep = pace.sleeper('timers')
  const found: number[] = []
  let looks = 0
  const loop = async (): Promise<void> => {
    for (;;) {
      looks++
      while ((next() ?? Infinity) < agenda.now) {
        found.push(agenda.now)
        armed.splice(armed.indexOf(next()!), 1)
      }
      const dueAt = next()
      const ms = dueAt === null ? POLL_MS : Math.min(POLL_MS, dueAt - agenda.now + 1)
      await (how === 'ticked' ? agenda.rest(ms, 'loop') : sleep.sleep(ms))
    }
  }
  for (const { armedAt, dueAt } of dueAts) {
    agenda.at(armedAt, `arm ${dueAt}`, () => {
      armed.push(dueAt)
      pace.nudge()
    })
  }
  agenda.at(0, 'loop', () => void loop())
  await agenda.run({ until: 100_000 })
  return { found, looks }
}

describe('a poll that is jumped over', () => {
  it('wakes at the very instants at which a ticking one finds something', async () => {
    const dueAts = Array.from({ length: 40 }, (_, n) => {
      const armedAt = (n * 7_919) % 90_001
      return { armedAt, dueAt: armedAt + ((n * 104_729) % 3_001) }
    })
    const [ticked, jumped] = [await looking(dueAts, 'ticked'), await looking(dueAts, 'jumped')]
    expect(jumped.found).toEqual(ticked.found)
    expect(jumped.found).toHaveLength(40)
    expect(jumped.looks).toBeLessThan(ticked.looks / 2)
  })

  it('never wakes a process that is dead, and wakes at once on demand', async () => {
    const agenda = new Agenda()
    const process: Process = { name: 'worker', worker: 0, alive: true, frozenUntil: 0, tasks: 0 }
    const pace = new SimulatedPace(agenda, process, () => null)
    const sleep = pace.sleeper('relay')
    const woken: number[] = []
    const loop = async (): Promise<void> => {
      for (;;) {
        await sleep.sleep(POLL_MS)
        woken.push(agenda.now)
      }
    }
    agenda.at(0, 'loop', () => void loop())
    agenda.at(70, 'wake', () => sleep.wake())
    agenda.at(80, 'wake and die', () => {
      sleep.wake()
      process.alive = false
    })
    await agenda.run({ until: 10_000 })
    expect(woken).toEqual([70])
  })
})
