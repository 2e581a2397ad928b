import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CASES, KilledApply, MOMENTS } from './killed-apply.ts'

/** The long form dies some thousand times. */
const LONG_MS = 3_600_000

/** Every so many statements one is chosen to die at; 1 for all of them, in the long form. */
const EVERY = Number(process.env['ESA_KILL_EVERY'] ?? 40)

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
      for (let at = 1 + (EVERY >> 1); at <= statements; at += EVERY) {
        for (const moment of EVERY < 5 ? MOMENTS : [MOMENTS[at % MOMENTS.length]!]) {
          expect({ at, moment, state: await killed.killedAt(at, moment) }).toEqual({ at, moment, state })
        }
      }
      await killed.end()
    },
    LONG_MS,
  )
})
