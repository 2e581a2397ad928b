import type { ActorEvent } from '@esa/actor'
import { describe, expect } from 'vitest'
import { type Stage, story } from './story.ts'

const COUNT = 1_000

/** Every invariant of a thousand logs: a second, and more on a busy machine. */
const TIMEOUT_MS = 60_000

/** Opens them all in one instant, so that they fall due in one, too. */
async function openMany({ open }: Stage): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < COUNT; n++) ids.push(await open('layer-1', 'integration'))
  return ids
}

async function climbsOf({ world }: Stage, ids: string[]): Promise<ActorEvent[][]> {
  const logs = await Promise.all(ids.map((id) => world.history(id)))
  return logs.map(({ events }) => events.filter(({ type }) => type === 'incident.escalated'))
}

describe('a thousand incidents in one instant', () => {
  story(
    'each climbs once, at the first ms past its deadline',
    async (stage) => {
      const ids = await openMany(stage)
      stage.told()
      await stage.after('30m')
      expect((await climbsOf(stage, ids)).map((climbs) => climbs.map(({ lateMs }) => lateMs))).toEqual(
        ids.map(() => [1]),
      )
      expect(stage.told()).toEqual(ids.map(() => 'chief-1'))
    },
    TIMEOUT_MS,
  )

  story(
    'after 5 h without a worker each climbs one level, and knows how late it was',
    async (stage) => {
      const ids = await openMany(stage)
      await stage.world.outage(5 * 3_600_000)
      expect((await climbsOf(stage, ids)).map((climbs) => climbs.map(({ lateMs }) => lateMs))).toEqual(
        ids.map(() => [4.5 * 3_600_000]),
      )
    },
    TIMEOUT_MS,
  )
})
