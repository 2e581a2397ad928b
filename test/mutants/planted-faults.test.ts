import { runPlan } from '@esa/simulator'
import { describe, expect, it } from 'vitest'
import { PLANTED, type PlantedFault } from '../histories/planted-faults.ts'
import { directory, planOf } from '../histories/soak-plans.ts'

/** Seeds in which a planted fault must have been found: seconds, so that every change of the house pays for it. */
const BUDGET = 8

/** Seeds of each weather in which nothing may be found; longer soaks are `esa simulate --soak`. */
const CONTROL = 4

/** A run is half a second; a busy machine takes its time. */
const TIMEOUT_MS = 120_000

describe('a planted fault is found', () => {
  it.each(PLANTED.map((fault) => [fault.name, fault] as const))(
    '%s',
    async (_, { plant, foundBy, weather = 'calm' }: PlantedFault) => {
      let found: string | null = null
      for (let seed = 1; seed <= BUDGET && found === null; seed++) {
        const { violation } = await runPlan(planOf(seed, weather), { directory, wire: plant })
        found = violation
      }
      expect(found).toMatch(foundBy)
    },
    TIMEOUT_MS,
  )

  it.each(['calm', 'interleaved', 'swarm'] as const)(
    'and nothing is found where none was planted: %s',
    async (weather) => {
      for (let seed = 1; seed <= CONTROL; seed++) {
        expect(await runPlan(planOf(seed, weather), { directory })).toMatchObject({ violation: null })
      }
    },
    TIMEOUT_MS,
  )
})
