import { describe, expect, it } from 'vitest'
import { Agenda } from './agenda.ts'

describe('the agenda', () => {
  it('goes by time, then by the turn of planning, then by name', async () => {
    const agenda = new Agenda()
    const seen: string[] = []
    const note = (at: number, name: string) => agenda.at(at, name, () => seen.push(`${agenda.now} ${name}`))
    note(5, 'late')
    note(3, 'b')
    note(3, 'a')
    agenda.at(1, 'planner', () => note(3, '0 planned later'))
    note(-1, 'behind')
    await agenda.run({})
    expect(seen).toEqual(['0 behind', '3 a', '3 b', '3 0 planned later', '5 late'])
  })

  it('lets everything come to rest between two entries, however many ticks it takes', async () => {
    const agenda = new Agenda()
    const seen: string[] = []
    const slow = async (): Promise<void> => {
      for (let tick = 0; tick < 100; tick++) await Promise.resolve()
      seen.push(`slow at ${agenda.now}`)
      await agenda.rest(10, 'slow')
      seen.push(`rested at ${agenda.now}`)
    }
    agenda.at(1, 'slow', () => void slow())
    agenda.at(2, 'next', () => seen.push('next'))
    await agenda.run({})
    expect(seen).toEqual(['slow at 1', 'next', 'rested at 11'])
  })

  it('runs through an instant and stays there; what is struck off does not happen', async () => {
    const agenda = new Agenda()
    let ran = 0
    agenda.at(10, 'in', () => ran++)
    agenda.at(10, 'struck', () => (ran += 10)).cancel()
    agenda.at(11, 'past', () => (ran += 100))
    await agenda.run({ until: 10 })
    expect({ ran, now: agenda.now }).toEqual({ ran: 1, now: 10 })
    await agenda.run({ until: 50, isOver: () => ran > 100 })
    expect({ ran, now: agenda.now }).toEqual({ ran: 101, now: 11 })
  })

  it('keeps the order of a sorted list among many', async () => {
    const agenda = new Agenda()
    const seen: number[] = []
    for (let n = 0; n < 500; n++) {
      const at = (n * 7_919) % 503
      agenda.at(at, `entry ${n}`, () => seen.push(at))
    }
    await agenda.run({})
    expect(seen).toEqual(seen.toSorted((one, other) => one - other))
    expect(seen).toHaveLength(500)
  })
})
