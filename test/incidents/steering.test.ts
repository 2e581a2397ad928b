import type { IncidentCommand } from '@esa/escalation'
import { describe, expect } from 'vitest'
import { type Stage, story } from './story.ts'

const MIN = 60_000

/** Ways into each open state that a raise can leave. */
const INTO: [string, (stage: Stage, id: string) => Promise<unknown>][] = [
  ['triggered', async () => {}],
  ['acknowledged', ({ command }, id) => command(id, { type: 'acknowledge', as: 'layer-2' })],
  ['snoozed', ({ command }, id) => command(id, { type: 'snooze', as: 'layer-2', forMs: 60 * MIN })],
  ['suppressed', ({ command }, id) => command(id, { type: 'suppress', as: 'operator', forMs: 60 * MIN })],
  ['exhausted', ({ after }) => after('6h')],
]

describe('raising', () => {
  for (const [status, into] of INTO) {
    story(`out of ${status}: the CEO in the same instant, with the full wait`, async (stage) => {
      const { open, command, told, world } = stage
      const id = await open('layer-1', 'integration')
      await into(stage, id)
      expect(await world.incident(id)).toMatchObject({ status })
      told()
      expect(await command(id, { type: 'raise', as: 'layer-1' })).toBe('obeyed')
      expect(told()).toEqual(['agent-0'])
      const { deadlineAt, nowAt, ...incident } = await world.incident(id)
      expect(incident).toMatchObject({
        status: 'triggered',
        level: 'ceo',
        dataLoss: true,
        category: 'integration',
      })
      expect(Date.parse(deadlineAt!) - Date.parse(nowAt)).toBe(120 * MIN)
      expect(await command(id, { type: 'raise', as: 'layer-1' })).toBe('incident.already-data-loss')
    })
  }

  story('at the CEO: notified again', async ({ open, after, command, told }) => {
    const id = await open('layer-1', 'security')
    await after('1h')
    told()
    expect(await command(id, { type: 'raise', as: 'layer-1' })).toBe('obeyed')
    expect(told()).toEqual(['agent-0'])
  })
})

describe('escalating by command', () => {
  story(
    'one level up at once; the epoch of before is stale',
    async ({ open, after, command, told, world }) => {
      const id = await open('layer-1', 'integration')
      const { epoch } = await world.incident(id)
      await after('5m')
      told()
      expect(await command(id, { type: 'escalate', as: 'layer-2', epoch })).toBe('obeyed')
      expect(told()).toEqual(['chief-1'])
      expect(await command(id, { type: 'escalate', as: 'layer-2', epoch })).toBe('incident.already-escalated')
      expect(told()).toEqual([])
    },
  )

  story('a deadline that passed meanwhile makes the epoch stale', async ({ open, world, command, told }) => {
    const id = await open('layer-1', 'integration')
    const { epoch } = await world.incident(id)
    world.freeze(31 * MIN)
    told()
    expect(await command(id, { type: 'escalate', as: 'layer-2', epoch })).toBe('incident.already-escalated')
    expect(told()).toEqual(['chief-1'])
  })

  story(
    'out of acknowledged and snoozed; at the CEO it is a missed wait',
    async ({ open, command, told, world }) => {
      const id = await open('layer-1', 'integration')
      await command(id, { type: 'acknowledge', as: 'layer-2' })
      expect(await command(id, { type: 'escalate', as: 'layer-1' })).toBe('obeyed')
      await command(id, { type: 'snooze', as: 'chief-1', forMs: MIN })
      expect(await command(id, { type: 'escalate', as: 'chief-1' })).toBe('obeyed')
      told()
      expect(await command(id, { type: 'escalate', as: 'operator' })).toBe('obeyed')
      expect(told()).toEqual(['agent-0'])
      expect(await command(id, { type: 'escalate', as: 'operator' })).toBe('obeyed')
      expect(await world.incident(id)).toMatchObject({ status: 'exhausted' })
      expect(await command(id, { type: 'escalate', as: 'operator' })).toBe('incident.wrong-state')
    },
  )
})

describe('an acknowledgement', () => {
  story('is over when the incident is exhausted by command', async ({ open, after, command, world }) => {
    const id = await open('layer-1', 'security')
    await after('2h')
    await command(id, { type: 'acknowledge', as: 'agent-0' })
    expect(await command(id, { type: 'escalate', as: 'layer-1' })).toBe('obeyed')
    expect(await world.incident(id)).toMatchObject({ status: 'exhausted', heldBy: null })
  })

  story('that ran out gives another chance to whom no notice reached', async (stage) => {
    const { open, after, command, told, world } = stage
    const id = await open('layer-1', 'integration')
    await world.tell(id, { type: 'notice.failed', target: 'layer-3', visit: 1, why: 'no channel' })
    await command(id, { type: 'acknowledge', as: 'layer-2' })
    await after('2h')
    told()
    await command(id, { type: 'decline', as: 'layer-2', reason: 'no' })
    expect(told()).toEqual([])
    expect(await world.incident(id)).toMatchObject({ status: 'triggered', level: 'peer' })
  })
})

describe('reassigning', () => {
  const toLayer14: IncidentCommand = { type: 'reassign', as: 'operator', to: 'layer-14' }

  story('while triggered: notified at once, the others learn it, the deadline stays', async (stage) => {
    const { open, at, command, told, others, world } = stage
    const id = await open('layer-1', 'integration')
    told()
    await at('20m')
    const { deadlineAt, epoch } = await world.incident(id)
    expect(await command(id, toLayer14)).toBe('obeyed')
    expect(told()).toEqual(['layer-14'])
    expect(others()).toEqual(['taken layer-2', 'taken layer-3'])
    expect(await world.incident(id)).toMatchObject({ deadlineAt, epoch: epoch + 1, addressees: ['layer-14'] })
    expect(await command(id, { type: 'decline', as: 'layer-2', reason: 'no' })).toBe('incident.not-allowed')
    await at('30m', 2)
    expect(told()).toEqual(['chief-1'])
  })

  story(
    'out of an acknowledgement: triggered again, with the full wait',
    async ({ open, at, command, told, world }) => {
      const id = await open('layer-1', 'integration')
      await command(id, { type: 'acknowledge', as: 'layer-2' })
      await at('20m')
      told()
      expect(await command(id, toLayer14)).toBe('obeyed')
      expect(told()).toEqual(['layer-14'])
      const { deadlineAt, openedAt, ...incident } = await world.incident(id)
      expect(incident).toMatchObject({ status: 'triggered', heldBy: null, level: 'peer' })
      expect(Date.parse(deadlineAt!) - Date.parse(openedAt)).toBe(50 * MIN)
    },
  )

  story('entering the level again forgets it', async ({ open, command, after, told }) => {
    const id = await open('layer-1', 'integration')
    await command(id, toLayer14)
    await command(id, { type: 'acknowledge', as: 'layer-14' })
    told()
    await after('2h')
    expect(told()).toEqual(['layer-2', 'layer-3'])
  })

  story('the last addressee declines: it climbs', async ({ open, command, told }) => {
    const id = await open('layer-1', 'integration')
    await command(id, toLayer14)
    told()
    await command(id, { type: 'decline', as: 'layer-14', reason: 'no' })
    expect(told()).toEqual(['chief-1'])
  })

  story(
    'is a round of its own: an agent that declined or was not reached before counts again',
    async (stage) => {
      const { open, command, told, world, alarms } = stage
      const id = await open('layer-1', 'integration')
      await command(id, { type: 'decline', as: 'layer-3', reason: 'no' })
      await command(id, { type: 'reassign', as: 'operator', to: 'layer-3' })
      told()
      expect(await command(id, { type: 'decline', as: 'layer-3', reason: 'still no' })).toBe('obeyed')
      expect(told()).toEqual(['chief-1'])
      const other = await open('layer-1', 'integration')
      await world.tell(other, { type: 'notice.failed', target: 'layer-3', visit: 1, why: 'no channel' })
      await command(other, { type: 'reassign', as: 'operator', to: 'layer-3' })
      await world.tell(other, { type: 'agent.stopped', agent: 'layer-3' })
      expect(await world.incident(other)).toMatchObject({ level: 'peer', addressees: ['layer-3'] })
      expect(alarms()).toBe(0)
    },
  )

  story('never to the opener, or to a stopped agent', async ({ open, command, world }) => {
    const id = await open('layer-1', 'integration')
    expect(await command(id, { type: 'reassign', as: 'operator', to: 'layer-1' })).toBe('incident.own-path')
    await world.stop('layer-14')
    expect(await command(id, toLayer14)).toBe('incident.unreachable')
  })
})
