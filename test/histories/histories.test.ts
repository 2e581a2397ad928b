import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseHistory, runPlan, shrinkPlan } from '@esa/simulator'
import { describe, expect, it } from 'vitest'
import { PLANTED } from './planted-faults.ts'
import { directory, planOf } from './soak-plans.ts'

const KEPT = globSync('*.json', { cwd: import.meta.dirname }).toSorted()

/** Cutting a plan down takes many short runs. */
const TIMEOUT_MS = 120_000

describe('a run that once broke something', () => {
  it.each(KEPT.map((file) => [basename(file, '.json'), file]))(
    'holds: %s',
    async (_, file) => {
      const { plan } = parseHistory(JSON.parse(readFileSync(join(import.meta.dirname, file), 'utf8')))
      expect(await runPlan(plan, { directory })).toMatchObject({ violation: null })
    },
    TIMEOUT_MS,
  )
})

describe('a run', () => {
  it(
    'repeats to the last hash, and does not depend on how many ticks a promise takes',
    async () => {
      for (const seed of [1, 3, 8]) {
        const plan = planOf(seed, 'swarm')
        const [once, again, slower] = [
          await runPlan(plan, { directory }),
          await runPlan(plan, { directory }),
          await runPlan(plan, { directory, wire: withMoreTicks }),
        ]
        expect(again).toEqual(once)
        expect(slower).toEqual(once)
      }
      const [one, other] = [planOf(1, 'swarm'), planOf(3, 'swarm')]
      expect((await runPlan(one, { directory })).logHash).not.toBe(
        (await runPlan(other, { directory })).logHash,
      )
    },
    TIMEOUT_MS,
  )

  it(
    'that breaks something is cut down to the few moments that do, and survives its file',
    async () => {
      const lost = PLANTED.find(({ name }) => name.startsWith('equal keys'))!
      const options = { directory, wire: lost.plant }
      let plan = planOf(1, 'swarm')
      let violation: string | null = null
      for (let seed = 1; violation === null; seed++) {
        plan = planOf(seed, 'swarm')
        violation = (await runPlan(plan, options)).violation
      }
      const cut = await shrinkPlan(plan, violation, options)
      expect(cut.moments.length).toBeLessThan(5)
      const kept = parseHistory(JSON.parse(JSON.stringify({ invariant: violation, plan: cut })))
      expect((await runPlan(kept.plan, options)).violation).toMatch(/^6 /)
      expect((await runPlan(kept.plan, { directory })).violation).toBeNull()
    },
    TIMEOUT_MS,
  )
})

/** A store whose every answer takes some ticks more, never the same number. */
function withMoreTicks<T extends object>(base: T): T {
  let calls = 0
  const wait = async (): Promise<void> => {
    for (let ticks = (calls++ * 7) % 5; ticks > 0; ticks--) await Promise.resolve()
  }
  return new Proxy(base, {
    get: (_, name) => {
      const statement: unknown = Reflect.get(base, name)
      if (typeof statement !== 'function') return statement
      return async (...given: unknown[]) => {
        await wait()
        const [work] = given
        const inner =
          name === 'transact' && typeof work === 'function'
            ? [async (tx: object) => (work as (tx: object) => unknown)(withMoreTicks(tx))]
            : given
        const answer: unknown = await (statement as (...all: unknown[]) => unknown).apply(base, inner)
        await wait()
        return answer
      }
    },
  })
}
