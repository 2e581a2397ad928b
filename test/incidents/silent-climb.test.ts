import type { Category } from '@esa/protocol'
import { describe, expect } from 'vitest'
import { story } from './story.ts'

const MIN = 60_000
const HOUR = 60 * MIN
const DAY = 24 * HOUR

/** Without any answer: what each category does, listed as `due at: who is notified`. A step is served 1 ms after it is due. */
const CLIMBS: [Category, { ladder: [string, string[], number][]; copies: string[] }][] = [
  [
    'integration',
    {
      ladder: [
        ['peer', ['layer-2', 'layer-3'], 30 * MIN],
        ['chief', ['chief-1'], HOUR],
      ],
      copies: [],
    },
  ],
  [
    'performance',
    {
      ladder: [
        ['domain', ['domain-1'], 30 * MIN],
        ['chief', ['chief-1'], HOUR],
      ],
      copies: [],
    },
  ],
  ['architecture', { ladder: [['chief', ['chief-1'], HOUR]], copies: [] }],
  ['data-loss', { ladder: [], copies: ['copy chief-1', 'copy domain-1'] }],
  ['blocker', { ladder: [['chief', ['chief-1'], HOUR]], copies: [] }],
  [
    'coordination',
    {
      ladder: [
        ['domain', ['domain-1'], 30 * MIN],
        ['chief', ['chief-1'], HOUR],
      ],
      copies: [],
    },
  ],
  ['production', { ladder: [['domain', ['domain-1'], 30 * MIN]], copies: ['copy agent-0'] }],
  [
    'conflict',
    {
      ladder: [
        ['domain', ['domain-1'], 2 * DAY],
        ['chief', ['chief-1'], DAY],
      ],
      copies: [],
    },
  ],
  ['security', { ladder: [], copies: ['copy chief-5'] }],
  [
    'overload',
    {
      ladder: [
        ['peer', ['ops-63', 'ops-65'], 30 * MIN],
        ['chief', ['chief-1'], HOUR],
      ],
      copies: [],
    },
  ],
]

describe('no one ever answers', () => {
  for (const [category, { ladder, copies }] of CLIMBS) {
    story(`${category}: each level in its turn, the CEO twice, then alarms every 4 h`, async (stage) => {
      const { open, at, after, told, others, alarms, timeline, world } = stage
      const id = await open('layer-1', category)
      expect(others()).toEqual(copies)
      const rungs = [
        ...ladder,
        ['ceo', ['agent-0'], 2 * HOUR] as const,
        ['ceo', ['agent-0'], 2 * HOUR] as const,
      ]
      const { path } = await world.incident(id)
      expect(path.map(({ level, agents, waitMs }) => [level, agents, waitMs])).toEqual(rungs.slice(0, -1))

      let begins = 0
      for (const [level, agents, waitMs] of rungs) {
        expect(told()).toEqual(agents)
        expect(await world.incident(id)).toMatchObject({ status: 'triggered', level, addressees: agents })
        await at(begins + waitMs)
        expect(told()).toEqual([])
        await after('1ms')
        begins += waitMs + 1
      }
      expect(await world.incident(id)).toMatchObject({
        status: 'exhausted',
        level: 'ceo',
        timerKind: 'alarm',
      })
      expect(alarms()).toBe(1)
      await after('4h')
      await after('4h')
      await after('4h')
      expect(alarms()).toBe(3)
      expect(told()).toEqual([])
      expect((await timeline(id)).slice(-4)).toEqual([
        `${begins} exhausted ceo`,
        `${begins + 4 * HOUR + 1} alarmed ceo`,
        `${begins + 8 * HOUR + 2} alarmed ceo`,
        `${begins + 12 * HOUR + 3} alarmed ceo`,
      ])
    })
  }

  story(
    'the whole timeline of an integration incident, to the millisecond',
    async ({ open, world, timeline }) => {
      const id = await open('layer-1', 'integration')
      await world.advance(12 * HOUR)
      expect(await timeline(id)).toEqual([
        '0 opened peer',
        '0 notified peer',
        '1800001 escalated chief',
        '1800001 notified chief',
        '5400002 escalated ceo',
        '5400002 notified ceo',
        '12600003 notified ceo',
        '19800004 exhausted ceo',
        '34200005 alarmed ceo',
      ])
    },
  )

  story('the CEO of an incident of its own is alone on the ladder', async ({ open, told, world }) => {
    const id = await open('agent-0', 'integration')
    expect(told()).toEqual(['agent-0'])
    expect((await world.incident(id)).path).toHaveLength(1)
    await world.advance(4 * HOUR + 2)
    expect(await world.incident(id)).toMatchObject({ status: 'exhausted' })
  })
})
