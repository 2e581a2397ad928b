import { describe, expect } from 'vitest'
import { projectOrg } from './project-org.ts'
import { story } from './story.ts'

const MIN = 60_000

describe('a level without a reachable agent', () => {
  story('is passed at the opening, with an alarm', async ({ open, world, told, alarms, timeline }) => {
    await world.stop('layer-2')
    await world.stop('layer-3')
    const id = await open('layer-1', 'integration')
    expect(told()).toEqual(['chief-1'])
    expect(alarms()).toBe(1)
    expect(await timeline(id)).toEqual(['0 opened peer', '0 level_passed peer', '0 notified chief'])
  })

  story(
    'is passed on the way up: two rungs in one step',
    async ({ open, world, after, told, alarms, timeline }) => {
      await world.stop('chief-1')
      const id = await open('layer-1', 'integration')
      told()
      await after('30m')
      expect(told()).toEqual(['agent-0'])
      expect(alarms()).toBe(1)
      expect((await timeline(id)).slice(-3)).toEqual([
        '1800001 escalated chief',
        '1800001 level_passed chief',
        '1800001 notified ceo',
      ])
    },
  )

  story('is passed when its last agent stops, and not before', async ({ open, world, told }) => {
    const id = await open('layer-1', 'integration')
    told()
    await world.stop('layer-2')
    await world.tell(id, { type: 'agent.stopped', agent: 'layer-2' })
    expect(told()).toEqual([])
    await world.stop('layer-3')
    await world.tell(id, { type: 'agent.stopped', agent: 'layer-3' })
    expect(told()).toEqual(['chief-1'])
  })

  story(
    'is passed when no notice of this visit arrives; one of an earlier visit counts for nothing',
    async (stage) => {
      const { open, world, told, after, alarms } = stage
      const id = await open('layer-1', 'integration')
      const failed = (target: string, visit: number) =>
        world.tell(id, { type: 'notice.failed', target, visit, why: 'no channel' })
      await failed('layer-2', 1)
      told()
      expect(alarms()).toBe(0)
      await failed('layer-3', 1)
      expect(told()).toEqual(['chief-1'])
      expect(alarms()).toBe(1)
      await failed('chief-1', 1)
      expect(told()).toEqual([])
      await failed('chief-1', 2)
      expect(told()).toEqual(['agent-0'])
      await after('1s')
    },
  )

  story('an agent that declined counts as gone', async ({ open, world, command, told }) => {
    const id = await open('layer-1', 'integration')
    await command(id, { type: 'decline', as: 'layer-2', reason: 'no' })
    told()
    await world.tell(id, { type: 'notice.failed', target: 'layer-3', visit: 1, why: 'no channel' })
    expect(told()).toEqual(['chief-1'])
  })

  story('the CEO keeps the two hours, with an alarm', async ({ open, world, alarms, after }) => {
    await world.stop('agent-0')
    const id = await open('layer-1', 'security')
    expect(alarms()).toBe(1)
    expect(await world.incident(id)).toMatchObject({ status: 'triggered', level: 'ceo' })
    await after('119m')
    expect(await world.incident(id)).toMatchObject({ status: 'triggered', level: 'ceo' })
    await after('2m')
    expect(alarms()).toBe(1)
  })
})

describe('the policy', () => {
  story('leaves out a level that the agent does not have', async ({ open, told, world }) => {
    const levels = async (id: string) => (await world.incident(id)).path.map(({ level }) => level)
    expect(await levels(await open('chief-3', 'architecture'))).toEqual(['ceo'])
    expect(told()).toEqual(['agent-0'])
    expect(await levels(await open('layer-4', 'performance'))).toEqual(['chief', 'ceo'])
    expect(told()).toEqual(['chief-1'])
  })

  story('is pinned: an edited card touches new incidents only', async ({ open, world, after, told }) => {
    const pinned = await open('layer-1', 'integration')
    const before = await world.incident(pinned)
    world.adopt(
      projectOrg((file, text) =>
        file.includes('/layer-1/')
          ? text.replace('(30 min wait)', '(5 min wait)').replace('(1 hour wait)', '(2 hour wait)')
          : text,
      ),
    )
    told()
    await after('10m')
    expect(told()).toEqual([])
    expect(await world.incident(pinned)).toMatchObject({ path: before.path, policyHash: before.policyHash })
    const edited = await open('layer-1', 'integration')
    expect((await world.incident(edited)).path.map(({ waitMs }) => waitMs)).toEqual([
      5 * MIN,
      120 * MIN,
      120 * MIN,
    ])
    await after('20m')
    expect(await world.incident(pinned)).toMatchObject({ level: 'chief', path: before.path })
  })
})
