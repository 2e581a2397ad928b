import { foldStory, forecast, incidentContext, timeline } from '@esa/escalation'
import { isoTime } from '@esa/protocol'
import { World } from '@esa/simulator'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { projectOrg } from '../incidents/project-org.ts'
import { lives, live } from './random-life.ts'
import { RUNS } from './runs.ts'

const directory = projectOrg()

/** The story as its log tells it, and the incident as its row has it. */
async function lived(world: World, id: string) {
  const { events, row } = await world.history(id)
  const incident = await world.incident(id)
  const context = incidentContext(row.state)
  const story = foldStory(timeline(events), context.openedAt)!
  return { story, incident, context, moment: story.moments.at(-1)! }
}

describe('a story', () => {
  it('folds from the log alone to what the row says, in every random life', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (life) => {
        const world = new World({ directory })
        const { moment, incident, context } = await lived(world, await live(world, life))
        expect({
          ...moment,
          dueAt: moment.dueAt === null ? null : isoTime(moment.dueAt),
        }).toMatchObject({
          seq: incident.seq,
          status: incident.status,
          level: incident.level,
          epoch: incident.epoch,
          dueAt: incident.deadlineAt,
          timerKind: incident.timerKind,
          addressees: incident.addressees,
          declined: context.declined,
          heldBy: incident.heldBy,
          dataLoss: incident.dataLoss,
          duplicates: incident.duplicates,
          ceoToldAgain: context.ceoRenotified,
        })
      }),
      { numRuns: RUNS },
    )
  }, 60_000)

  it('foresees what the clock then does, without an answer', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async ({ moments, ...life }) => {
        const world = new World({ directory })
        // Whom no notice reaches is not foreseen.
        const reached = moments.filter(({ what }) => what.kind !== 'stop' && what.kind !== 'notice')
        const id = await live(world, { ...life, moments: reached })
        const { story, moment } = await lived(world, id)
        const steps = forecast(story.policy, moment)
        expect(steps.length === 0).toBe(moment.status === 'resolved')
        if (steps.length === 0) return
        const before = moment.seq
        const overdue = moment.dueAt === null ? 0 : Math.max(0, story.openedAt + world.nowMs - moment.dueAt)
        await world.advance(steps.at(-1)!.at - story.openedAt + overdue + 1_000 - world.nowMs)
        const after = (await lived(world, id)).story
        const told = timeline((await world.history(id)).events)
          // The end of a silence and its first notice are one step.
          .filter(({ seq, type, data }) => seq > before && SEEN.has(type) && data['silence'] === undefined)
          .map(({ type, level }) => `${SEEN.get(type)} ${level}`)
        expect(told).toEqual(steps.map(({ what, level }) => `${kindOf(what)} ${level}`))
        // Each timer of the virtual clock is served a millisecond past its deadline, one that waited out an outage later still,
        // and the next one counts from there.
        const last = after.moments.findLast(({ seq }) => seq > before)!
        expect(last.at - steps.at(-1)!.at).toBeLessThan(overdue + 2 * steps.length + 2)
      }),
      { numRuns: RUNS },
    )
  }, 60_000)
})

const SEEN = new Map([
  ['incident.notified', 'told'],
  ['incident.unsuppressed', 'resumed'],
  ['incident.exhausted', 'alarm'],
  ['incident.alarmed', 'alarm'],
])

function kindOf(what: string): string {
  return { told: 'told', 'told-again': 'told', resumed: 'resumed' }[what] ?? 'alarm'
}
