import { pinPolicy } from '@esa/escalation'
import * as fc from 'fast-check'
import { brokenInvariants, INVARIANTS, World, WORLD_INVARIANTS } from '@esa/simulator'
import { describe, expect, it } from 'vitest'
import { projectOrg } from '../incidents/project-org.ts'
import { wrongLadderIn } from './ladder-table.ts'
import { lives, live } from './random-life.ts'
import { RUNS } from './runs.ts'

const directory = projectOrg()

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
      { numRuns: RUNS },
    )
  }, 60_000)

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
      { numRuns: RUNS },
    )
  }, 60_000)

  it('is checked by a named function for each promise', () => {
    const all = [...INVARIANTS, ...WORLD_INVARIANTS]
    const numbers = new Set(all.map(({ number }) => number))
    expect([...numbers].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, n) => n + 1))
    expect(new Set(all.map(({ check }) => check.name)).size).toBe(all.length)
  })
})

describe('what is pinned', () => {
  it('is for every agent and category what the table of the docs and the card make it', () => {
    expect(wrongLadderIn(directory, pinPolicy)).toBeNull()
    const otherWaits = projectOrg((_, text) => text.replaceAll('30 min wait', '45 min wait'))
    expect(wrongLadderIn(otherWaits, pinPolicy)).toBeNull()
  })
})
