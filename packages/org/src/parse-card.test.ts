import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCard } from './parse-card.ts'

const CARD = `# Layer Agent #7: State Keeper
**ESA Layer:** 7${'  '}
**Division:** Foundation (Chief #1)${'  '}
**Reports to:** Chief #1 (Foundation) + Domain #2 (Frontend Coordinator)${'  '}

## Identity & Purpose
Keeps state.

## Core Responsibilities
- Keep state small
- Keep state *true*

## Technology Stack
- **React Query** - server state
- Context API

## Escalation Paths
- **Chief:** Chief #1 (Foundation) - Hard decisions, big changes (1 hour wait)
- **Domain:** Domain #2 (Frontend Coordinator) - Slow screens
- **Peer Support:** Layer #6 (Data Validation), Layer #8 (Client Framework) - Integration (30 min wait)
- **CEO:** Agent #0 (ESA CEO) - Lost data (immediate)

## Collaboration Patterns
- **With Layer #6 (Data Validation):** Shares schemas

## Success Metrics
- Render time < 16 ms for 95th percentile
- Developers are happy

## Key Documentation
- **[Elsewhere](../../../elsewhere/card.md)**
`

const read = (text: string) => parseCard({ file: 'card.md', text })

describe('a clean card', () => {
  it('becomes its facts', () => {
    const { agent, problems } = read(CARD)
    expect(agent).toMatchObject({
      id: 'layer-7',
      kind: 'layer',
      number: 7,
      name: 'State Keeper',
      division: 'Foundation',
      reportsTo: ['chief-1', 'domain-2'],
      responsibilities: ['Keep state small', 'Keep state true'],
      technologies: ['React Query', 'Context API'],
      escalation: [
        {
          level: 'chief',
          agents: ['chief-1'],
          waitMs: 3_600_000,
          reasons: ['Hard decisions', 'big changes'],
          line: 18,
        },
        { level: 'domain', agents: ['domain-2'], waitMs: null, reasons: ['Slow screens'], line: 19 },
        {
          level: 'peer',
          agents: ['layer-6', 'layer-8'],
          waitMs: 1_800_000,
          reasons: ['Integration'],
          line: 20,
        },
        { level: 'ceo', agents: ['agent-0'], waitMs: 0, reasons: ['Lost data'], line: 21 },
      ],
      collaboration: [{ with: ['layer-6'], purpose: 'Shares schemas' }],
      manages: [],
      metrics: [{ key: 'render-time', comparator: '<', value: 16, unit: 'ms', percentile: 95, line: 27 }],
      file: 'card.md',
    })
    expect(problems).toEqual([
      {
        file: 'card.md',
        line: 28,
        column: 3,
        severity: 'warning',
        code: 'card.metric-unreadable',
        message: '"Developers are happy" holds no number to measure against',
        hint: 'Write it like "Database uptime > 99.9%".',
      },
    ])
    expect(agent!.mentions).toContainEqual({ id: 'layer-8', as: 'peer', line: 20, column: 49 })
  })

  it('is the same card with CRLF and a BOM, hash included', () => {
    expect(read(`\uFEFF${CARD.replaceAll('\n', '\r\n')}`)).toEqual(read(CARD))
    expect(read(`${CARD}more`).agent!.cardHash).not.toBe(read(CARD).agent!.cardHash)
  })
})

describe('headings', () => {
  it.each([
    ['# Layer Agent #1: Database Architecture', 'layer-1', 'layer', 'Database Architecture'],
    ['# Domain #1: Infrastructure Orchestrator', 'domain-1', 'domain', 'Infrastructure Orchestrator'],
    ['# Chief #1: Foundation', 'chief-1', 'chief', 'Foundation'],
    ['# Agent #0: ESA CEO', 'agent-0', 'ceo', 'ESA CEO'],
    ['# ESA CEO (Agent #0)', 'agent-0', 'ceo', 'ESA CEO'],
    ['# Expert Agent #11: UI/UX Design (Aurora)', 'expert-11', 'expert', 'UI/UX Design (Aurora)'],
    [
      '# Operational Agent #63: Sprint & Resource Manager',
      'ops-63',
      'operational',
      'Sprint & Resource Manager',
    ],
    ['# Agent #63: Sprint & Resource Manager', 'ops-63', 'operational', 'Sprint & Resource Manager'],
    ['# Life CEO Agent: health', 'lifeceo-health', 'life-ceo', 'health'],
    ['# 🚀 Layer Agent #20 — Workflow Engine ✨', 'layer-20', 'layer', 'Workflow Engine'],
    ['Layer #3 - Server Framework\n===', 'layer-3', 'layer', 'Server Framework'],
    ['# **Layer #5**', 'layer-5', 'layer', 'Authorization & RBAC'],
  ])('%s', (heading, id, kind, name) => {
    expect(read(heading).agent).toMatchObject({ id, kind, name })
  })

  it('does not mind a preamble', () => {
    const { agent } = read(`Generated file, see Layer #9.\n\n---\n\n${CARD}`)
    expect(agent).toMatchObject({ id: 'layer-7', escalation: [{ line: 22 }, {}, {}, {}] })
  })

  it.each([
    ['', 'the card has no heading', 1],
    ['words', 'the card has no heading', 1],
    ['\n# Untitled', '"Untitled" does not say whose card this is', 2],
    ['# Agent #5: X', '"Agent #5: X" does not say whose card this is', 1],
  ])('%j is not a card of an agent', (text, message, line) => {
    const { agent, problems } = read(text)
    expect(agent).toBeNull()
    expect(problems).toMatchObject([{ severity: 'error', code: 'card.no-agent', message, line, column: 1 }])
  })

  it('refuses a second agent and keeps its facts out of the first', () => {
    const { agent, problems } = read(`${CARD}\n# Layer #8: B\n## Core Responsibilities\n- other\n`)
    expect(agent!.responsibilities).toHaveLength(2)
    expect(problems.filter(({ severity }) => severity === 'error')).toMatchObject([
      { code: 'card.second-agent', line: 33 },
    ])
  })
})

describe('what is missing', () => {
  it('is a warning, with the heading that was probably meant', () => {
    const { problems } = read('# Layer #7: State\n\n## Escalation Pahts\n- Chief: Chief #1\n')
    expect(problems).toMatchObject([
      { code: 'card.no-reports-to', severity: 'warning', line: 1 },
      {
        code: 'card.no-escalation',
        severity: 'warning',
        line: 3,
        hint: expect.stringContaining('Escalation Pahts'),
      },
    ])
  })

  it('is not missed on the CEO’s card', () => {
    expect(read('# Agent #0: ESA CEO\n**Reports to:** nobody').problems).toEqual([])
  })
})

describe('other sections in the wild', () => {
  it('reads tables', () => {
    const { agent, problems } = read(`# Domain #1: Infra
| Field | Value |
|---|---|
| Division | Foundation (Chief #1) |
| Reports to | Chief #1 |

## 🛠️ Technology Stack
| Technology | Use |
|---|---|
| Redis | caching |

## Manages
| Agent | Since |
|---|---|
| Layer #1 (Database Architecture) | 2025 |
| Layer #3 | 2025 |

## Escalation
- CEO: Agent #0 (immediate)

## Success Metrics
| Metric | Target | Today |
|---|---|---|
| Uptime | > 99.9% | 98% |
| Lost jobs | Zero | 0 |

## Collaboration
| With | On |
|---|---|
| Layer #1 | pools |
`)
    expect(problems).toEqual([])
    expect(agent).toMatchObject({
      division: 'Foundation',
      reportsTo: ['chief-1'],
      technologies: ['Redis'],
      manages: ['layer-1', 'layer-3'],
      metrics: [
        { key: 'uptime', value: 99.9, unit: '%', line: 24 },
        { key: 'lost-jobs', comparator: '=', value: 0 },
      ],
      collaboration: [{ with: ['layer-1'], purpose: 'pools' }],
    })
  })

  it('reads whom a chief manages from a line', () => {
    const { agent } = read('# Chief #6: Extended\n**Manages:** Layers 57-61, Domain #9\n')
    expect(agent).toMatchObject({
      division: 'Extended',
      manages: ['layer-57', 'layer-58', 'layer-59', 'layer-60', 'layer-61', 'domain-9'],
    })
  })
})

describe('any text', () => {
  const fragment = fc.constantFrom(
    '# Layer #1: A\n',
    '## Escalation Paths\n',
    '- **Chief:** ',
    'Chief #1 ',
    '(30 min',
    ')',
    '|a|b|\n|-|-|\n',
    '**',
    '- Peer: Layers 1-',
    '&amp;',
    '\\',
    '`',
    '\n',
    '  ',
    '> ',
    '<br>',
    '[x](y)',
    '🚀',
    '## Success Metrics\n',
    '- < 5 ',
  )
  it.each([
    ['characters', fc.string({ unit: 'binary', maxLength: 300 })],
    ['pieces of cards', fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join(''))],
  ])('of %s is read without throwing, and problems lie inside it', (_, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        const lines = text.replace(/^\uFEFF/, '').split(/\r\n?|\n/)
        for (const { line, column } of parseCard({ file: 'any.md', text }).problems) {
          expect(line).toBeLessThanOrEqual(lines.length)
          expect(column).toBeLessThanOrEqual(lines[line - 1]!.length + 1)
        }
      }),
      { numRuns: 300 },
    )
  })
})
