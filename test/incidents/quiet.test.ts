import { describe, expect } from 'vitest'
import { story } from './story.ts'

const MIN = 60_000

describe('snoozing', () => {
  story(
    'quiet until its end, then the same level again with its full wait',
    async ({ open, at, command, told, world }) => {
      const id = await open('layer-1', 'integration')
      told()
      await at('20m')
      expect(await command(id, { type: 'snooze', as: 'layer-2', forMs: 60 * MIN })).toBe('obeyed')
      await at('80m', 1)
      expect(await world.incident(id)).toMatchObject({
        status: 'snoozed',
        level: 'peer',
        timerKind: 'snooze-end',
      })
      await at('80m', 2)
      expect(told()).toEqual(['layer-2', 'layer-3'])
      await at('110m', 1)
      expect(told()).toEqual([])
      await at('110m', 3)
      expect(told()).toEqual(['chief-1'])
    },
  )

  story('out of an acknowledgement; an acknowledgement ends it', async ({ open, command, after, world }) => {
    const id = await open('layer-1', 'performance')
    await command(id, { type: 'acknowledge', as: 'domain-1' })
    expect(await command(id, { type: 'snooze', as: 'domain-1', forMs: 10 * MIN })).toBe('obeyed')
    expect(await world.incident(id)).toMatchObject({ status: 'snoozed', heldBy: null })
    await after('5m')
    expect(await command(id, { type: 'acknowledge', as: 'domain-1' })).toBe('obeyed')
    await after('10m')
    expect(await world.incident(id)).toMatchObject({ status: 'acknowledged' })
  })

  story('never at the CEO, for data loss, or for more than 4 h', async ({ open, command, after }) => {
    const low = await open('layer-1', 'integration')
    expect(await command(low, { type: 'snooze', as: 'layer-2', forMs: 240 * MIN + 1 })).toBe(
      'incident.too-long',
    )
    const high = await open('layer-1', 'security')
    expect(await command(high, { type: 'snooze', as: 'agent-0', forMs: MIN })).toBe('incident.at-ceo')
    const lost = await open('layer-1', 'data-loss')
    expect(await command(lost, { type: 'snooze', as: 'operator', forMs: MIN })).toBe('incident.data-loss')
    expect(await command(low, { type: 'snooze', as: 'layer-2', forMs: 240 * MIN })).toBe('obeyed')
    await after('1s')
  })
})

describe('suppressing', () => {
  story(
    'freezes what is left of the wait, and notifies no one at its end',
    async ({ open, at, command, told, world }) => {
      const id = await open('layer-1', 'integration')
      told()
      await at('20m')
      expect(await command(id, { type: 'suppress', as: 'operator', forMs: 60 * MIN })).toBe('obeyed')
      await at('80m', 1)
      expect(await world.incident(id)).toMatchObject({ status: 'suppressed', timerKind: 'suppression-end' })
      await at('80m', 2)
      expect(await world.incident(id)).toMatchObject({ status: 'triggered', timerKind: 'ack-wait' })
      // Served at 80 min + 1 ms, with 10 minutes left.
      await at('90m', 2)
      expect(told()).toEqual([])
      await at('90m', 3)
      expect(told()).toEqual(['chief-1'])
    },
  )

  story('unsuppress gives the rest back from its own instant', async ({ open, at, command, told, world }) => {
    const id = await open('layer-1', 'integration')
    told()
    await at('25m')
    await command(id, { type: 'suppress', as: 'operator', forMs: 60 * MIN })
    await at('40m')
    expect(await command(id, { type: 'unsuppress', as: 'operator' })).toBe('obeyed')
    const { deadlineAt, openedAt } = await world.incident(id)
    expect(Date.parse(deadlineAt!) - Date.parse(openedAt)).toBe(45 * MIN)
    expect(told()).toEqual([])
    await at('45m', 2)
    expect(told()).toEqual(['chief-1'])
  })

  story('served late, the rest still counts from the service', async ({ open, at, command, world }) => {
    const id = await open('layer-1', 'integration')
    await at('20m')
    await command(id, { type: 'suppress', as: 'operator', forMs: 60 * MIN })
    await world.outage(300 * MIN)
    const { deadlineAt, nowAt } = await world.incident(id)
    expect(Date.parse(deadlineAt!) - Date.parse(nowAt)).toBe(10 * MIN)
  })

  story('at exactly T nothing is left: the climb follows its end', async ({ open, at, command, told }) => {
    const id = await open('layer-1', 'integration')
    told()
    await at('30m')
    expect(await command(id, { type: 'suppress', as: 'operator', forMs: MIN })).toBe('obeyed')
    await at('31m', 2)
    expect(told()).toEqual([])
    await at('31m', 3)
    expect(told()).toEqual(['chief-1'])
  })

  story('never at the CEO, for data loss, for more than 24 h, or by an agent', async ({ open, command }) => {
    const low = await open('layer-1', 'integration')
    expect(await command(low, { type: 'suppress', as: 'operator', forMs: 1_440 * MIN + 1 })).toBe(
      'incident.too-long',
    )
    expect(await command(low, { type: 'suppress', as: 'layer-2', forMs: MIN })).toBe('incident.not-allowed')
    const high = await open('layer-1', 'security')
    expect(await command(high, { type: 'suppress', as: 'operator', forMs: MIN })).toBe('incident.at-ceo')
    const lost = await open('layer-1', 'data-loss')
    expect(await command(lost, { type: 'suppress', as: 'operator', forMs: MIN })).toBe('incident.data-loss')
    expect(await command(low, { type: 'unsuppress', as: 'operator' })).toBe('incident.wrong-state')
  })
})
