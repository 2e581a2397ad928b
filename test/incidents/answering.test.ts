import { describe, expect } from 'vitest'
import { story } from './story.ts'

describe('acknowledging', () => {
  story('two peers: the first owns it, the other learns that it is taken', async (stage) => {
    const { open, after, command, told, others, world } = stage
    const id = await open('layer-1', 'integration')
    expect(told()).toEqual(['layer-2', 'layer-3'])
    await after('10m')
    expect(await command(id, { type: 'acknowledge', as: 'layer-3' })).toBe('obeyed')
    expect(others()).toEqual(['taken layer-2'])
    expect(await command(id, { type: 'acknowledge', as: 'layer-2' })).toBe('incident.wrong-state')
    expect(await world.incident(id)).toMatchObject({
      status: 'acknowledged',
      heldBy: 'layer-3',
      timerKind: 'ack-timeout',
    })
  })

  story('the acknowledgement runs out: the same level again, with its full wait', async (stage) => {
    const { open, at, command, told, timeline } = stage
    const id = await open('layer-1', 'integration')
    await at('10m')
    await command(id, { type: 'acknowledge', as: 'layer-2' })
    told()
    await at('130m')
    expect(told()).toEqual([])
    await at('130m', 2)
    expect(told()).toEqual(['layer-2', 'layer-3'])
    await at('160m', 1)
    expect(told()).toEqual([])
    await at('160m', 3)
    expect(told()).toEqual(['chief-1'])
    expect((await timeline(id)).slice(-4)).toEqual([
      '7800001 ack_expired peer',
      '7800001 notified peer',
      '9600002 escalated chief',
      '9600002 notified chief',
    ])
  })

  story(
    'for as long as it says, and the level above may take it',
    async ({ open, command, after, world, others }) => {
      const id = await open('layer-1', 'integration')
      expect(await command(id, { type: 'acknowledge', as: 'agent-0', forMs: 86_400_000 })).toBe('obeyed')
      expect(others()).toEqual(['taken layer-2', 'taken layer-3'])
      await after('23h')
      expect(await world.incident(id)).toMatchObject({
        status: 'acknowledged',
        heldBy: 'agent-0',
        level: 'peer',
      })
      await after('1h')
      expect(await world.incident(id)).toMatchObject({ status: 'triggered', level: 'peer', heldBy: null })
    },
  )

  story('for 24 h at most, and on the level that it was given on', async ({ open, after, command, told }) => {
    const id = await open('layer-1', 'integration')
    await after('30m')
    const forMs = 86_400_000
    expect(await command(id, { type: 'acknowledge', as: 'chief-1', forMs: forMs + 1 })).toBe(
      'incident.too-long',
    )
    expect(await command(id, { type: 'acknowledge', as: 'chief-1', forMs })).toBe('obeyed')
    told()
    await after('24h')
    expect(told()).toEqual(['chief-1'])
  })

  story('out of exhausted: its time-out tells the CEO, whose next miss exhausts again', async (stage) => {
    const { open, after, command, told, alarms, world } = stage
    const id = await open('layer-1', 'data-loss')
    await after('2h')
    await after('2h')
    expect(told()).toEqual(['agent-0', 'agent-0'])
    expect(alarms()).toBe(1)
    expect(await command(id, { type: 'acknowledge', as: 'agent-0' })).toBe('obeyed')
    await after('2h')
    expect(told()).toEqual(['agent-0'])
    await after('2h')
    expect(told()).toEqual([])
    expect(alarms()).toBe(1)
    expect(await world.incident(id)).toMatchObject({ status: 'exhausted' })
  })
})

describe('declining', () => {
  story(
    'by one of two: the other still has the rest of the wait',
    async ({ open, at, command, told, world }) => {
      const id = await open('layer-1', 'integration')
      told()
      await at('10m')
      const { deadlineAt, epoch } = await world.incident(id)
      expect(await command(id, { type: 'decline', as: 'layer-2', reason: 'not mine' })).toBe('obeyed')
      expect(await world.incident(id)).toMatchObject({
        status: 'triggered',
        level: 'peer',
        deadlineAt,
        epoch,
      })
      expect(await command(id, { type: 'decline', as: 'layer-2', reason: 'still not' })).toBe(
        'incident.already-declined',
      )
      await at('30m', 2)
      expect(told()).toEqual(['chief-1'])
    },
  )

  story('by the last: it climbs at once', async ({ open, at, command, told, timeline }) => {
    const id = await open('layer-1', 'integration')
    told()
    await at('10m')
    await command(id, { type: 'decline', as: 'layer-3', reason: 'no' })
    expect(await command(id, { type: 'decline', as: 'layer-2', reason: 'no' })).toBe('obeyed')
    expect(told()).toEqual(['chief-1'])
    expect((await timeline(id)).slice(-3)).toEqual([
      '600000 declined',
      '600000 escalated chief',
      '600000 notified chief',
    ])
  })

  story('by an operator: for all', async ({ open, command, told }) => {
    const id = await open('layer-1', 'integration')
    told()
    expect(await command(id, { type: 'decline', as: 'operator', reason: 'no one is in' })).toBe('obeyed')
    expect(told()).toEqual(['chief-1'])
  })

  story('by the CEO: notified again, then exhausted', async ({ open, command, told, world }) => {
    const id = await open('layer-1', 'security')
    told()
    await command(id, { type: 'decline', as: 'agent-0', reason: 'no' })
    expect(told()).toEqual(['agent-0'])
    await command(id, { type: 'decline', as: 'agent-0', reason: 'no' })
    expect(await world.incident(id)).toMatchObject({ status: 'exhausted' })
  })
})

describe('ending', () => {
  story(
    'resolve: nothing is armed, all notified agents learn of it, and the key is free again',
    async (stage) => {
      const { open, after, command, told, others, world } = stage
      const id = await open('layer-1', 'integration', 'slow')
      await after('30m')
      told()
      expect(await command(id, { type: 'resolve', as: 'chief-1', cause: 'an index was missing' })).toBe(
        'obeyed',
      )
      expect(await world.incident(id)).toMatchObject({
        status: 'resolved',
        deadlineAt: null,
        timerKind: null,
      })
      expect(others()).toEqual(['closed layer-2', 'closed layer-3', 'closed chief-1'])
      expect(await command(id, { type: 'resolve', as: 'chief-1', cause: 'again' })).toBe('incident.resolved')
      await after('10h')
      expect(told()).toEqual([])
      expect(await open('layer-1', 'integration', 'slow')).not.toBe(id)
    },
  )

  story('withdraw: the opener takes it back', async ({ open, command, world, timeline }) => {
    const id = await open('layer-1', 'integration')
    expect(await command(id, { type: 'withdraw', as: 'layer-1' })).toBe('obeyed')
    expect(await world.incident(id)).toMatchObject({ status: 'resolved' })
    expect((await timeline(id)).at(-1)).toBe('0 withdrawn peer')
  })
})
