import { buildDirectory } from '@esa/org'
import { describe, expect, it } from 'vitest'
import { aggregate, figuresOf, teamOf } from './agent-figures.ts'
import type { AgentContext } from './mind.ts'

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

  it('are those of everybody whose chief or domain an agent is', () => {
    expect(teamOf(directory, 'domain-1')).toEqual(expect.arrayContaining(['layer-1', 'layer-2', 'layer-3']))
    expect(teamOf(directory, 'chief-1')).toEqual(expect.arrayContaining(['layer-1', 'layer-10', 'domain-1']))
    expect(teamOf(directory, 'layer-1')).toEqual([])
  })
})
