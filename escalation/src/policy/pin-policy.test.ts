import { type AgentCard, buildDirectory } from '@esa/org'
import { parseCard } from '@esa/org/cards'
import { CATEGORIES, type Category } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { pinPolicy } from './pin-policy.ts'

const MIN = 60_000

function card(text: string): AgentCard {
  const { agent } = parseCard({ file: 'card.md', text })
  if (agent === null) throw new Error('the test card is faulty')
  return agent
}

const LAYER_1 = `# Layer Agent #1: Database Architecture
**Reports to:** Chief #1 (Foundation) + Domain #1 (Infrastructure Orchestrator)

## Escalation Paths
- **Chief:** Chief #1 (Foundation) - large changes (90 min wait)
- **Domain:** Domain #1 (Infrastructure Orchestrator) - slow databases
- **Peer Support:** Layer #2 (API Structure), Layer #1 (itself), Layer #3 (Server Framework) - trouble (20 min wait)
- **CEO:** Agent #0 (ESA CEO) - data at risk (immediate)
`

const org = buildDirectory([card(LAYER_1)])
const path = (agent: string, category: Category, scale?: number): [string, string, number][] =>
  pinPolicy(agent, category, org, scale).path.map(({ level, agents, waitMs }) => [
    level,
    agents.join(' '),
    waitMs / MIN,
  ])

describe('pinPolicy', () => {
  it.each<[Category, [string, string, number][]]>([
    [
      'integration',
      [
        ['peer', 'layer-2 layer-3', 20],
        ['chief', 'chief-1', 90],
        ['ceo', 'agent-0', 120],
      ],
    ],
    [
      'performance',
      [
        ['domain', 'domain-1', 30],
        ['chief', 'chief-1', 90],
        ['ceo', 'agent-0', 120],
      ],
    ],
    [
      'architecture',
      [
        ['chief', 'chief-1', 90],
        ['ceo', 'agent-0', 120],
      ],
    ],
    ['data-loss', [['ceo', 'agent-0', 120]]],
    [
      'blocker',
      [
        ['chief', 'chief-1', 90],
        ['ceo', 'agent-0', 120],
      ],
    ],
    [
      'coordination',
      [
        ['domain', 'domain-1', 30],
        ['chief', 'chief-1', 90],
        ['ceo', 'agent-0', 120],
      ],
    ],
    [
      'production',
      [
        ['domain', 'domain-1', 30],
        ['ceo', 'agent-0', 120],
      ],
    ],
    [
      'conflict',
      [
        ['domain', 'domain-1', 2_880],
        ['chief', 'chief-1', 1_440],
        ['ceo', 'agent-0', 120],
      ],
    ],
    ['security', [['ceo', 'agent-0', 120]]],
    [
      'overload',
      [
        ['peer', 'ops-63 ops-65', 30],
        ['chief', 'chief-1', 90],
        ['ceo', 'agent-0', 120],
      ],
    ],
  ])(
    'pins the ladder of %s: the card says who and for how long, the table in which order',
    (category, expected) => {
      expect(path('layer-1', category)).toEqual(expected)
    },
  )

  it('gives the CEO two hours whatever the card says, and keeps the card’s line beside each wait', () => {
    const { path: rungs } = pinPolicy('layer-1', 'integration', org)
    expect(rungs.map(({ cardLine, defaultWait }) => [cardLine, defaultWait])).toEqual([
      [7, false],
      [5, false],
      [8, true],
    ])
  })

  it('copies data loss to chief and domain, production to the CEO, security to chief-5, never to the opener', () => {
    expect(pinPolicy('layer-1', 'data-loss', org).copies).toEqual(['chief-1', 'domain-1'])
    expect(pinPolicy('layer-1', 'production', org).copies).toEqual(['agent-0'])
    expect(pinPolicy('layer-1', 'security', org).copies).toEqual(['chief-5'])
    expect(pinPolicy('chief-5', 'security', org).copies).toEqual([])
  })

  it('finds the first chief upward for an agent whose card names none, and leaves out an empty level', () => {
    expect(path('layer-4', 'integration')).toEqual([
      ['chief', 'chief-1', 60],
      ['ceo', 'agent-0', 120],
    ])
    expect(path('chief-1', 'architecture')).toEqual([['ceo', 'agent-0', 120]])
    expect(path('expert-16', 'blocker')).toEqual([
      ['chief', 'chief-1', 60],
      ['ceo', 'agent-0', 120],
    ])
  })

  it('puts the CEO’s own incidents on a single level, and an ops agent never on its own path', () => {
    for (const category of CATEGORIES) expect(path('agent-0', category)).toEqual([['ceo', 'agent-0', 120]])
    expect(path('ops-63', 'overload')[0]).toEqual(['peer', 'ops-65', 30])
  })

  it('ends every path of every agent at the CEO', () => {
    for (const { id } of org.all()) {
      for (const category of CATEGORIES) {
        const rungs = path(id, category)
        expect(rungs.at(-1)).toEqual(['ceo', 'agent-0', 120])
        expect(
          rungs
            .flatMap(([, agents]) => agents.split(' '))
            .filter((agent) => agent === id && id !== 'agent-0'),
        ).toEqual([])
      }
    }
  })

  it('divides every wait by the time scale, and says so', () => {
    const policy = pinPolicy('layer-1', 'integration', org, 60)
    expect(policy.path.map(({ waitMs }) => waitMs)).toEqual([20_000, 90_000, 120_000])
    expect(policy).toMatchObject({ ackTimeoutMs: 120_000, alarmEveryMs: 240_000, timeScale: 60 })
  })

  it('refuses an agent that does not exist', () => {
    expect(() => pinPolicy('layer-99', 'blocker', org)).toThrow(
      expect.objectContaining({ code: 'agent.unknown' }),
    )
  })
})
