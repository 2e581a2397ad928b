import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CASES, KilledApply, MOMENTS } from './killed-apply.ts'

/** The long form dies some thousand times. */
const LONG_MS = 3_600_000

/** Every so many statements one is chosen to die at; 1 for all of them, in the long form. */
const EVERY = Number(process.env['ESA_KILL_EVERY'] ?? 100)

/** Each dies in a database and a home of its own. */
const AT_ONCE = 3

/** Where an apply of so many statements is killed: at a chosen statement before, while and after it, in turn or (long form) all three. */
function deaths(statements: number): { at: number; moment: (typeof MOMENTS)[number] }[] {
  const chosen = Array.from({ length: statements }, (_, n) => n + 1).filter(
    (at) => at % EVERY === (1 + (EVERY >> 1)) % EVERY,
  )
  return chosen.flatMap((at) =>
    (EVERY < 5 ? MOMENTS : [MOMENTS[at % MOMENTS.length]!]).map((moment) => ({ at, moment })),
  )
}

let home: string
let admin: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-killed-'))
  admin = (await ensureEmbeddedServer({ home })).adminUrl
})
afterAll(async () => {
  await stopEmbeddedServer({ home, mode: 'immediate' })
  await rm(home, { recursive: true, force: true })
})

describe.each(CASES)('an apply of $name', (chosen) => {
  it(
    'ends in the same state, wherever it was killed before',
    async () => {
      const killed = new KilledApply(admin, await mkdtemp(join(home, 'world-')), chosen)
      const { statements, state } = await killed.undisturbed()
      expect(statements).toBeGreaterThan(20)
      const rounds = deaths(statements)
      for (let n = 0; n < rounds.length; n += AT_ONCE)
        await Promise.all(
          rounds.slice(n, n + AT_ONCE).map(async ({ at, moment }) => {
            expect({ at, moment, state: await killed.killedAt(at, moment) }).toEqual({ at, moment, state })
          }),
        )
      await killed.end()
    },
    LONG_MS,
  )
})
