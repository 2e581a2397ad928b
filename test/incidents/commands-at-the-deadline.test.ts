import type { IncidentCommand } from '@esa/escalation'
import { describe, expect } from 'vitest'
import { story } from './story.ts'

/** Each command of a triggered incident, by a permitted agent, and the first event that it writes. */
const COMMANDS: [IncidentCommand, string][] = [
  [{ type: 'acknowledge', as: 'layer-2' }, 'acknowledged'],
  [{ type: 'decline', as: 'operator', reason: 'no time' }, 'declined'],
  [{ type: 'snooze', as: 'layer-2', forMs: 60_000 }, 'snoozed'],
  [{ type: 'suppress', as: 'operator', forMs: 60_000 }, 'suppressed'],
  [{ type: 'escalate', as: 'operator' }, 'escalated'],
  [{ type: 'reassign', as: 'operator', to: 'layer-9' }, 'reassigned'],
  [{ type: 'raise', as: 'layer-1' }, 'raised'],
  [{ type: 'resolve', as: 'layer-2', cause: 'done' }, 'resolved'],
  [{ type: 'withdraw', as: 'layer-1' }, 'withdrawn'],
  [{ type: 'unsuppress', as: 'operator' }, 'command.refused'],
]

describe('every command at the deadline', () => {
  for (const [command, own] of COMMANDS) {
    for (const early of [1, 0]) {
      const when = early === 0 ? 'T' : 'T - 1 ms'
      story(`${command.type} at ${when} comes first: nothing has climbed`, async ({ open, at, world }) => {
        const id = await open('layer-1', 'integration')
        await at('30m', -early)
        const [first] = await world.command(id, command)
        expect(first).toMatchObject({ type: own.includes('.') ? own : `incident.${own}`, at: first!.at })
        expect(first!.lateMs).toBeUndefined()
        expect((await world.history(id)).events.slice(0, 3).map(({ type }) => type)).toEqual([
          'incident.opened',
          'incident.notified',
          first!.type,
        ])
      })
    }

    story(`${command.type} at T + 1 ms comes after the recorded climb`, async ({ open, at, world }) => {
      const id = await open('layer-1', 'integration')
      await at('30m', 1)
      const [climb, told, given] = await world.command(id, command)
      expect(climb).toMatchObject({ type: 'incident.escalated', level: 'chief', lateMs: 1 })
      expect(told).toMatchObject({ type: 'incident.notified', level: 'chief' })
      expect(given!.type.replace('incident.', '')).toBe(own)
    })
  }
})
