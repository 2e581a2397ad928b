import { describe, expect } from 'vitest'
import { story } from './story.ts'

const MIN = 60_000
const HOUR = 60 * MIN

describe('who wins at the deadline', () => {
  story(
    'an acknowledgement at exactly T stops the climb',
    async ({ open, at, command, timeline, told, after }) => {
      const id = await open('layer-1', 'integration')
      await at('30m')
      expect(await command(id, { type: 'acknowledge', as: 'layer-2' })).toBe('obeyed')
      expect(await timeline(id)).toEqual([
        '0 opened peer',
        '0 notified peer',
        '1800000 acknowledged peer',
        '1800000 taken peer',
      ])
      told()
      await after('1h')
      expect(told()).toEqual([])
    },
  )

  story(
    'one at T + 1 ms comes after the recorded escalation',
    async ({ open, at, command, timeline, world }) => {
      const id = await open('layer-1', 'integration')
      await at('30m', 1)
      expect(await command(id, { type: 'acknowledge', as: 'layer-2' })).toBe('obeyed')
      expect((await timeline(id)).slice(2)).toEqual([
        '1800001 escalated chief',
        '1800001 notified chief',
        '1800001 acknowledged chief',
        '1800001 taken chief',
      ])
      expect(await world.incident(id)).toMatchObject({
        status: 'acknowledged',
        level: 'chief',
        heldBy: 'layer-2',
      })
    },
  )

  story('a timer that rings early, at T or twice changes nothing', async ({ open, at, world, timeline }) => {
    const id = await open('layer-1', 'integration')
    expect(await world.ring(id)).toBe(false)
    await at('30m')
    expect(await world.ring(id)).toBe(false)
    await at('30m', 1)
    expect(await world.ring(id)).toBe(true)
    expect(await world.ring(id)).toBe(false)
    expect(await timeline(id)).toHaveLength(4)
  })

  story(
    '5 h without a worker, over several deadlines: one step, its full wait, and how late it was',
    async (stage) => {
      const { open, world, told, last, after } = stage
      const id = await open('layer-1', 'integration')
      told()
      await world.outage(5 * HOUR)
      expect(told()).toEqual(['chief-1'])
      expect((await last(id, 'incident.escalated')).lateMs).toBe(5 * HOUR - 30 * MIN)
      const { status, level, deadlineAt, nowAt } = await world.incident(id)
      expect({ status, level }).toEqual({ status: 'triggered', level: 'chief' })
      expect(Date.parse(deadlineAt!) - Date.parse(nowAt)).toBe(HOUR)
      await after('1h')
      expect(told()).toEqual(['agent-0'])
    },
  )

  story(
    'a command after an outage settles the overdue deadline first, once',
    async ({ open, world, command, timeline }) => {
      const id = await open('layer-1', 'integration')
      world.freeze(5 * HOUR)
      expect(await command(id, { type: 'decline', as: 'layer-2', reason: 'not mine' })).toBe(
        'incident.not-allowed',
      )
      expect((await timeline(id)).slice(2)).toEqual([
        '18000000 escalated chief',
        '18000000 notified chief',
        '18000000 command.refused',
      ])
      await world.advance(0)
      expect(await timeline(id)).toHaveLength(5)
    },
  )
})
