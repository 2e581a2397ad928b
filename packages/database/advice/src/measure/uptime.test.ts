import { expect, it } from 'vitest'
import { type Probe, probeDatabase, uptime } from './uptime.ts'

const MINUTE = 60_000
const probe = (minute: number, ok: boolean = true): Probe => ({ at: minute * MINUTE, ok })

it('weighs each failed probe by the time it speaks for', () => {
  const probes = Array.from({ length: 101 }, (_, minute) => probe(minute, minute !== 50))
  expect(uptime(probes, 0)).toMatchObject({ value: 99, samples: 101, window: 100 * MINUTE })
})

it('leaves a gap out of the percentage and says how long it was', () => {
  const found = uptime([probe(0), probe(1), probe(61), probe(62, false)], 0)
  expect(found.value).toBe(75)
  expect(found.method).toContain('1 h of the window were not observed')
})

it('mentions a restart that no probe saw', () => {
  expect(uptime([probe(0), probe(1)], 30_000).method).toContain('started within the window')
})

it.each([[[]], [[probe(1)]], [[probe(1), probe(60)]]])('measures nothing from %j', (probes) => {
  expect(uptime(probes, 0)).toMatchObject({ value: null, samples: probes.length })
})

it('counts an error as a failed probe', async () => {
  let asked = 0
  const query = async () => {
    asked += 1
    if (asked === 2) throw new Error('gone')
    return { rows: [] }
  }
  let now = 0
  const clock = { now: () => now, pause: async (ms: number) => void (now += ms) }
  expect(await probeDatabase({ query }, { count: 3, everyMs: 10, clock })).toEqual([
    { at: 0, ok: true },
    { at: 10, ok: false },
    { at: 20, ok: true },
  ])
})
