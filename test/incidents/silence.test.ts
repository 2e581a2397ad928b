import { CATEGORIES } from '@esa/protocol'
import { describe, expect } from 'vitest'
import { type Stage, story } from './story.ts'

const MIN = 60_000
const HOUR = 60 * MIN

const end = ({ world }: Stage, id: string) => world.tell(id, { type: 'end', as: 'operator' })

describe('a silence', () => {
  story('holds back the first notice until its end; then the whole wait runs', async (stage) => {
    const { open, at, told, world, timeline, last } = stage
    const silence = await world.silence({ agent: 'layer-1' }, 2 * HOUR)
    await at('10m')
    const id = await open('layer-1', 'integration')
    expect(told()).toEqual([])
    expect(await world.incident(id)).toMatchObject({
      status: 'suppressed',
      level: 'peer',
      timerKind: 'suppression-end',
      silence,
      addressees: [],
    })
    await at('2h', 1)
    expect(told()).toEqual([])
    await at('2h', 2)
    expect(told()).toEqual(['layer-2', 'layer-3'])
    expect(await world.incident(id)).toMatchObject({ status: 'triggered', level: 'peer', silence: null })
    await at('150m', 2)
    expect(told()).toEqual([])
    await at('150m', 3)
    expect(told()).toEqual(['chief-1'])
    expect((await last(id, 'incident.suppressed')).data).toMatchObject({ silence, reason: 'maintenance' })
    expect(await timeline(id)).toEqual([
      '0 opened peer',
      '0 suppressed peer',
      '6600001 unsuppressed peer',
      '6600001 notified peer',
      '8400002 escalated chief',
      '8400002 notified chief',
    ])
  })

  story('that is ended tells them at once, each with its whole wait', async (stage) => {
    const { open, at, told, world } = stage
    const silence = await world.silence({ agent: 'layer-1' }, 2 * HOUR)
    const [first, second] = [await open('layer-1', 'integration'), await open('layer-1', 'performance')]
    await at('20m')
    await end(stage, silence)
    expect(told()).toEqual(['layer-2', 'layer-3', 'domain-1'])
    for (const id of [first, second]) {
      const { deadlineAt, nowAt, status } = await world.incident(id)
      expect([status, Date.parse(deadlineAt!) - Date.parse(nowAt)]).toEqual(['triggered', 30 * MIN])
    }
    await open('layer-1', 'architecture')
    expect(told()).toEqual(['chief-1'])
  })

  story(
    'that has ended lets go of what opened under it at the same instant',
    async ({ open, told, world }) => {
      const silence = await world.silence({ agent: 'layer-1' }, HOUR)
      const id = await open('layer-1', 'integration')
      await world.tell(silence, { type: 'end', as: 'operator' })
      told()
      // As if it had read the silence before its end, and its word came after.
      await world.tell(silence, { type: 'silence.hold', incidentId: id })
      expect(told()).toEqual([])
      const types = (await world.history(silence)).events.map(({ type }) => type)
      expect(types).toEqual(['silence.added', 'silence.held', 'silence.ended', 'silence.let_go'])
    },
  )

  story('is lifted from one incident by unsuppress, and goes on for others', async (stage) => {
    const { open, command, told, world } = stage
    await world.silence({ agent: 'layer-1' }, HOUR)
    const id = await open('layer-1', 'integration')
    expect(await command(id, { type: 'unsuppress', as: 'layer-2' })).toBe('incident.not-allowed')
    expect(await command(id, { type: 'unsuppress', as: 'operator' })).toBe('obeyed')
    expect(told()).toEqual(['layer-2', 'layer-3'])
    const { deadlineAt, openedAt } = await world.incident(id)
    expect(Date.parse(deadlineAt!) - Date.parse(openedAt)).toBe(30 * MIN)
    await open('layer-1', 'integration')
    expect(told()).toEqual([])
  })

  story('counts for its agent, and for its category where it names one', async ({ open, told, world }) => {
    await world.silence({ agent: 'layer-1', category: 'integration' }, HOUR)
    await open('layer-14', 'architecture')
    expect(told()).not.toEqual([])
    await open('layer-1', 'performance')
    expect(told()).toEqual(['domain-1'])
    await open('layer-1', 'integration')
    expect(told()).toEqual([])
  })

  story('is over at its until, and the one that lasts longest holds', async ({ open, at, told, world }) => {
    await world.silence({ agent: 'layer-1' }, 10 * MIN)
    const longer = await world.silence({ agent: 'layer-1' }, 20 * MIN)
    const id = await open('layer-1', 'integration')
    expect((await world.incident(id)).silence).toBe(longer)
    await at('20m')
    await open('layer-1', 'architecture')
    expect(told()).toEqual(['chief-1'])
  })

  story('that is not served for hours still ends: one step, then the whole wait', async (stage) => {
    const { open, world, told } = stage
    await world.silence({ agent: 'layer-1' }, HOUR)
    const id = await open('layer-1', 'integration')
    await world.outage(9 * HOUR)
    expect(told()).toEqual(['layer-2', 'layer-3'])
    const { deadlineAt, nowAt } = await world.incident(id)
    expect(Date.parse(deadlineAt!) - Date.parse(nowAt)).toBe(30 * MIN)
  })

  story('does not stop a raise: the CEO at once, and no one else at its end', async (stage) => {
    const { open, command, told, world } = stage
    const silence = await world.silence({ agent: 'layer-1' }, HOUR)
    const id = await open('layer-1', 'integration')
    expect(await command(id, { type: 'raise', as: 'layer-1' })).toBe('obeyed')
    expect(told()).toEqual(['agent-0'])
    await end(stage, silence)
    expect(told()).toEqual([])
  })

  story('passes a level without a reachable agent when it ends', async (stage) => {
    const { open, told, world, alarms } = stage
    const silence = await world.silence({ agent: 'layer-1' }, HOUR)
    await open('layer-1', 'integration')
    await world.stop('layer-2')
    await world.stop('layer-3')
    await end(stage, silence)
    expect(told()).toEqual(['chief-1'])
    expect(alarms()).toBe(1)
  })

  story('holds back 500 incidents; what comes then is a storm, and is notified', async (stage) => {
    const { open, told, world } = stage
    const silence = await world.silence({ agent: 'layer-1' }, HOUR)
    for (let n = 0; n < 500; n++) await world.open({ agent: 'layer-1', category: 'blocker', title: `${n}` })
    expect(told()).toEqual([])
    await open('layer-1', 'blocker')
    expect(told()).toEqual(['chief-1'])
    await end(stage, silence)
    expect(told()).toHaveLength(500)
  })

  for (const category of CATEGORIES) {
    story(
      `${category}: silenced unless its path begins at the CEO`,
      async ({ open, told, world, others }) => {
        await world.silence({ agent: 'layer-1' }, HOUR)
        const id = await open('layer-1', category)
        const loud = ['data-loss', 'security'].includes(category)
        expect((await world.incident(id)).status).toBe(loud ? 'triggered' : 'suppressed')
        expect(told()).toEqual(loud ? ['agent-0'] : [])
        // A copy only informs, and the table says when: at once.
        if (category === 'production') expect(others()).toEqual(['copy agent-0'])
      },
    )
  }
})

describe('a stopped agent', () => {
  story(
    'loses what it held: the level is notified again, and passed without another agent',
    async (stage) => {
      const { open, command, told, world, alarms, at } = stage
      const id = await open('layer-1', 'integration')
      await command(id, { type: 'acknowledge', as: 'layer-2' })
      await at('10m')
      told()
      await world.stop('layer-2')
      await world.tell(id, { type: 'agent.stopped', agent: 'layer-2' })
      expect(told()).toEqual(['layer-2', 'layer-3'])
      const { deadlineAt, nowAt, ...incident } = await world.incident(id)
      expect(incident).toMatchObject({ status: 'triggered', level: 'peer', heldBy: null })
      expect(Date.parse(deadlineAt!) - Date.parse(nowAt)).toBe(30 * MIN)
      await command(id, { type: 'acknowledge', as: 'layer-3' })
      await world.stop('layer-3')
      expect(alarms()).toBe(0)
      await world.tell(id, { type: 'agent.stopped', agent: 'layer-3' })
      expect(told()).toEqual(['chief-1'])
      expect(alarms()).toBe(1)
    },
  )

  story(
    'that holds nothing of an acknowledged incident changes nothing',
    async ({ open, command, told, world }) => {
      const id = await open('layer-1', 'integration')
      await command(id, { type: 'acknowledge', as: 'chief-1' })
      told()
      await world.stop('layer-2')
      await world.tell(id, { type: 'agent.stopped', agent: 'layer-2' })
      expect(told()).toEqual([])
      expect(await world.incident(id)).toMatchObject({ status: 'acknowledged', heldBy: 'chief-1' })
    },
  )

  story('asks for nothing either', async ({ open, command, world }) => {
    const id = await open('layer-1', 'integration')
    await world.stop('layer-2')
    await world.stop('layer-1')
    for (const as of ['layer-2', 'layer-1'])
      expect(await command(id, { type: 'escalate', as })).toBe('incident.not-allowed')
    expect(await command(id, { type: 'escalate', as: 'layer-3' })).toBe('obeyed')
  })
})
