import { World } from '@esa/simulator'
import type { StoredEvent } from '@esa/store'
import { beforeAll, describe, expect, it } from 'vitest'
import { projectOrg } from '../incidents/project-org.ts'
import { foretell } from './ladder-oracle.ts'
import { Outages } from './outages.ts'

const HOUR_MS = 3_600_000

/** The log of an unanswered incident, with a snooze and a late acknowledgement in it. */
async function life(): Promise<{ events: StoredEvent[]; status: string; dueAt: number | null }> {
  const world = new World({ directory: projectOrg() })
  const { state } = await world.open({ agent: 'layer-9', category: 'integration', title: 'a life' })
  await world.command(state.id, { type: 'snooze', as: 'operator', forMs: HOUR_MS })
  await world.advance(9 * HOUR_MS)
  await world.command(state.id, { type: 'acknowledge', as: 'agent-0' })
  await world.command(state.id, { type: 'decline', as: 'agent-0', reason: 'too late' })
  await world.advance(7 * HOUR_MS)
  const { events, row } = await world.history(state.id)
  return { events, status: row.state.status, dueAt: row.state.timer?.dueAt ?? null }
}

describe('the oracle of the ladder', () => {
  let told: Awaited<ReturnType<typeof life>>
  beforeAll(async () => {
    told = await life()
  })

  const faultsWith = (change: (event: StoredEvent, index: number) => StoredEvent[]): string[] =>
    foretell(told.events.flatMap(change)).faults

  it('foretells what the machine does, and where it leads', () => {
    const { faults, status, dueAt } = foretell(told.events)
    expect(faults).toEqual([])
    expect({ status, dueAt }).toEqual({ status: told.status, dueAt: told.dueAt })
  })

  it('finds an escalation that is missing, one too many, and one to a wrong level', () => {
    const climb = (event: StoredEvent): boolean =>
      event.type === 'incident.notified' && event.level === 'chief'
    expect(told.events.some(climb)).toBe(true)
    expect(faultsWith((event) => (climb(event) ? [] : [event]))).toHaveLength(1)
    expect(faultsWith((event) => (climb(event) ? [event, event] : [event]))).toHaveLength(1)
    expect(faultsWith((event) => [climb(event) ? { ...event, level: 'ceo' } : event])).toHaveLength(1)
  })

  it('finds a deadline that was served early, and a command before an overdue one', () => {
    const at = (event: StoredEvent, at: number): StoredEvent => ({ ...event, env: { ...event.env!, at } })
    const early = faultsWith((event) => [event.input?.kind === 'timer' ? at(event, 0) : event])
    expect(early.some((fault) => fault.endsWith('served early'))).toBe(true)
    const late = faultsWith((event) => [event.type === 'command.refused' ? at(event, 1e15) : event])
    expect(late).toContain('decline: before an overdue deadline')
  })
})

describe('lateness', () => {
  it('counts from the deadline, from healing when that was later, and not at all in an outage', () => {
    let now = 1_000
    const outages = new Outages(() => now)
    outages.begin()
    now = 3_000
    outages.end()
    expect(outages.lateness({ at: 900, lateMs: 700 })).toBe(700)
    expect(outages.lateness({ at: 3_900, lateMs: 2_500 })).toBe(900)
    expect(outages.lateness({ at: 3_900, lateMs: 700 })).toBe(700)
    expect(outages.lateness({ at: 2_000, lateMs: 1_500 })).toBe(0)
  })
})
