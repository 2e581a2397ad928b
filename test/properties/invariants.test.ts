import * as fc from 'fast-check'
import { World } from '@esa/simulator'
import { describe, expect, it } from 'vitest'
import { projectOrg } from '../incidents/project-org.ts'
import { brokenInvariants, INVARIANTS } from './invariants.ts'
import { lives, live } from './random-life.ts'

const directory = projectOrg()

/** Lives of one run of the suite: about a second; a longer hunt changes this number and nothing else. */
const LIVES = 400

/** The longest hold, 24 h, and a minute for the milliseconds by which each step is served late. */
const LONGEST_SILENCE_MS = 24 * 3_600_000 + 60_000

describe('what always holds', () => {
  it('in every random life, at T and around it, through outages and doubled timers', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (life) => {
        const world = new World({ directory })
        const id = await live(world, life)
        expect(brokenInvariants(await world.history(id))).toEqual([])
      }),
      { numRuns: LIVES },
    )
  })

  it('19. left alone, every open incident is exhausted in bounded time', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (life) => {
        const world = new World({ directory })
        const id = await live(world, life)
        const { path } = await world.incident(id)
        const ladderMs = path.reduce((sum, { waitMs }) => sum + waitMs, 0) + path.at(-1)!.waitMs
        await world.advance(LONGEST_SILENCE_MS + ladderMs)
        const { status } = await world.incident(id)
        expect(['exhausted', 'resolved']).toContain(status)
        expect(brokenInvariants(await world.history(id))).toEqual([])
      }),
      { numRuns: LIVES / 4 },
    )
  })

  it('is checked by a function for each promise that a log can show', () => {
    const numbers = [...new Set(INVARIANTS.map(({ number }) => number))]
    expect(numbers).toEqual([
      1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 24, 25, 28, 30, 31,
    ])
    expect(new Set(INVARIANTS.map(({ check }) => check.name)).size).toBe(INVARIANTS.length)
  })
})
