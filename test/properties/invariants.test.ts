import * as fc from 'fast-check'
import { brokenInvariants, type History, INVARIANTS, World } from '@esa/simulator'
import { describe, expect, it } from 'vitest'
import { projectOrg } from '../incidents/project-org.ts'
import { lives, live } from './random-life.ts'

const directory = projectOrg()

/** Lives of one run of the suite: a few seconds; a longer hunt changes this number and nothing else. */
const LIVES = 1_000

/** The longest hold, 24 h, and a minute for the milliseconds by which each step is served late. */
const LONGEST_SILENCE_MS = 24 * 3_600_000 + 60_000

describe('what always holds', () => {
  it('in every random life, at T and around it, through outages and doubled timers', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (life) => {
        const world = new World({ directory })
        const id = await live(world, life)
        expect(brokenInvariants(await world.history(id))).toEqual([])
      }),
      { numRuns: LIVES },
    )
  }, 60_000)

  it('19. left alone, every open incident is exhausted in bounded time', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (life) => {
        const world = new World({ directory })
        const id = await live(world, life)
        const { path } = await world.incident(id)
        const ladderMs = path.reduce((sum, { waitMs }) => sum + waitMs, 0) + path.at(-1)!.waitMs
        await world.advance(LONGEST_SILENCE_MS + ladderMs)
        const { status } = await world.incident(id)
        expect(['exhausted', 'resolved']).toContain(status)
        expect(brokenInvariants(await world.history(id))).toEqual([])
      }),
      { numRuns: LIVES / 4 },
    )
  }, 60_000)

  it('is checked by a function for each promise that a log can show', () => {
    const numbers = [...new Set(INVARIANTS.map(({ number }) => number))]
    expect(numbers).toEqual([
      1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 24, 25, 28, 30, 31,
    ])
    expect(new Set(INVARIANTS.map(({ check }) => check.name)).size).toBe(INVARIANTS.length)
  })
})

describe('a tampered log is seen', () => {
  const seen = async (tamper: (history: History) => void): Promise<number[]> => {
    const world = new World({ directory })
    const { state } = await world.open({
      agent: 'layer-1',
      category: 'integration',
      title: 'to be tampered with',
    })
    await world.command(state.id, { type: 'acknowledge', as: 'layer-2' })
    await world.advance(12 * 3_600_000)
    const history = await world.history(state.id)
    expect(brokenInvariants(history)).toEqual([])
    tamper(history)
    return brokenInvariants(history).map((fault) => Number(fault.split(' ')[0]))
  }
  const nth = ({ events }: History, type: string, n = 0) => events.filter((event) => event.type === type)[n]!

  it.each<[number, string, (history: History) => void]>([
    [1, 'a level', (history) => (nth(history, 'incident.notified').level = 'ceo')],
    [2, 'a deadline', ({ row }) => (row.state.timer!.dueAt += 1)],
    [
      7,
      'a target told twice',
      (history) => (nth(history, 'incident.notified').data['targets'] = ['layer-2', 'layer-2']),
    ],
    [
      8,
      'an escalation that left no trace',
      (history) => (nth(history, 'incident.escalated').type = 'incident.noted'),
    ],
    [12, 'an input', ({ events }) => (events.at(-1)!.inputId = events[0]!.inputId)],
    [18, 'a reason', (history) => (nth(history, 'incident.escalated').data['cause'] = 'malice')],
    [18, 'a cut tail', ({ events }) => events.pop()],
    [24, 'a time', ({ events }) => (events.at(-1)!.at = 0)],
    [28, 'a target', (history) => (nth(history, 'incident.notified', 1).data['targets'] = ['layer-14'])],
    [30, 'a policy', ({ events }) => (events[0]!.data['policy'] = {})],
    [31, 'a lateness', (history) => delete nth(history, 'incident.escalated').lateMs],
  ])('%i: %s', async (number, _, tamper) => {
    expect(await seen(tamper)).toContain(number)
  })
})
