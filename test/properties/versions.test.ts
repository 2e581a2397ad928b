import { replay } from '@esa/actor'
import { incidentDefinition } from '@esa/escalation'
import { World } from '@esa/simulator'
import { recordedSteps } from '@esa/store'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { projectOrg } from '../incidents/project-org.ts'
import { live, lives } from './random-life.ts'

const directory = projectOrg()
const LIVES = 150

describe('the versions of the incident machine', () => {
  it('record the same events at the same instants, in every random life', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (life) => {
        const world = new World({ directory })
        const id = await live(world, life)
        const { events, row } = await world.history(id)
        expect(row.state.version).toBe(2)
        const older = replay(incidentDefinition({ timeScale: 1, version: 1 }), recordedSteps(events))
        expect(older).toMatchObject({
          identical: true,
          state: { version: 1, status: row.state.status, timer: row.state.timer, epoch: row.state.epoch },
        })
      }),
      { numRuns: LIVES },
    )
  }, 60_000)
})
