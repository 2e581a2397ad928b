import { buildDirectory } from '@esa/org'
import { describe, expect, it } from 'vitest'
import { aggregate, figuresOf, teamOf, trendOf } from './agent-figures.ts'
import type { AgentContext } from './mind.ts'
import { counted } from './work.ts'

const directory = buildDirectory([])

/** A mailbox with so many open items, whose tasks ended as the tally says. */
function mailbox(
  items: number,
  tally?: AgentContext['tally'],
  at = 5,
): { context: AgentContext; at: number } {
  const inbox = Object.fromEntries(
    Array.from({ length: items }, (_, n) => [
      `m${n}`,
      { id: `m${n}`, kind: 'message' as const, from: 'x', type: 'proposal', about: 'x', body: {}, at: 0 },
    ]),
  )
  const facts = { chief: null, metrics: [], peers: [], team: [], headcount: 105 }
  const life = { seat: 'built-in' as const, acknowledged: [], wakeMs: null, memory: {} }
  const context = { agentId: 'layer-1', ...facts, ...life, inbox, ...(tally === undefined ? {} : { tally }) }
  return { context, at }
}

describe('the figures of an agent', () => {
  it('are empty, and no ratio is made up, before it has done anything', () => {
    expect(figuresOf('layer-1', null)).toEqual({
      agent: 'layer-1',
      tasksCompleted: 0,
      tasksFailed: 0,
      averageMs: null,
      errorRate: null,
      lastActiveAt: null,
      openItems: 0,
      awaited: 0,
      workload: { load: 0, level: 'normal' },
    })
  })

  it('count what ended, how long it took, and how much of it ended badly', () => {
    const tally = { completed: 3, failed: 1, totalMs: 8_000 }
    expect(figuresOf('layer-1', mailbox(0, tally))).toMatchObject({ averageMs: 2_000, errorRate: 0.25 })
  })

  it.each([
    [13, 'normal'],
    [14, 'busy'],
    [16, 'busy'],
    [17, 'overloaded'],
    [19, 'overloaded'],
    [20, 'critical'],
  ])('call %i open items of 20 %s', (items, level) => {
    expect(figuresOf('layer-1', mailbox(items)).workload).toEqual({ load: items / 20, level })
  })
})

describe('the figures of a team', () => {
  it('weigh each task alike, and name who is overloaded', () => {
    const team = aggregate([
      figuresOf('layer-1', mailbox(0, { completed: 9, failed: 0, totalMs: 9_000 }, 7)),
      figuresOf('layer-2', mailbox(18, { completed: 0, failed: 1, totalMs: 11_000 }, 3)),
      figuresOf('layer-3', null),
    ])
    expect(team).toEqual({
      agents: 3,
      tasksCompleted: 9,
      tasksFailed: 1,
      averageMs: 2_000,
      errorRate: 0.1,
      lastActiveAt: 7,
      openItems: 18,
      awaited: 0,
      overloaded: ['layer-2'],
    })
  })

  it('are those of all agents whose chief or domain an agent is', () => {
    expect(teamOf(directory, 'domain-1')).toEqual(expect.arrayContaining(['layer-1', 'layer-2', 'layer-3']))
    expect(teamOf(directory, 'chief-1')).toEqual(expect.arrayContaining(['layer-1', 'layer-10', 'domain-1']))
    expect(teamOf(directory, 'layer-1')).toEqual([])
  })
})

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** An agent whose tasks ended at these instants, each after `ms`. */
function ending(...tasks: [at: number, ms: number, ok: boolean][]): AgentContext {
  const { context } = mailbox(0)
  for (const [at, ms, ok] of tasks) Object.assign(context, counted(context, at, ms, ok))
  return context
}

describe('a trend', () => {
  const now = 10 * DAY + 5.5 * HOUR

  it('sets the last day of all agents, the hour that has begun included, against the day before it', () => {
    const one = ending(
      [now - 2 * DAY, 99, true],
      [now - DAY - HOUR, 4_000, true],
      [now - DAY, 2_000, false],
      [now - 23 * HOUR, 1_000, true],
      [now, 3_000, true],
    )
    const { last, before } = trendOf([one, ending([now - HOUR, 5_000, false]), ending()], now)
    expect(last).toMatchObject({
      since: 9 * DAY + 6 * HOUR,
      tasksCompleted: 2,
      tasksFailed: 1,
      averageMs: 3_000,
    })
    expect(before).toEqual({
      since: 8 * DAY + 6 * HOUR,
      until: 9 * DAY + 6 * HOUR,
      tasksCompleted: 1,
      tasksFailed: 1,
      averageMs: 3_000,
      errorRate: 0.5,
    })
  })

  it('makes nothing up of a day without tasks', () => {
    const { last } = trendOf([ending([now - 3 * DAY, 1, true])], now)
    expect(last).toMatchObject({ tasksCompleted: 0, averageMs: null, errorRate: null })
  })

  it('takes no more room than two days of hours', () => {
    const tasks = Array.from({ length: 100 }, (_, n): [number, number, boolean] => [n * HOUR, 1, true])
    expect(ending(...tasks, [99 * HOUR, 1, true]).recent).toHaveLength(48)
  })
})
