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
const card = (paths: string, rest = ''): ReturnType<typeof read> =>
  read(`# Layer #7: State\n**Reports to:** Chief #1\n${rest}\n## Escalation Paths\n${paths}\n`)
const pathsOf = (paths: string) => card(paths).agent!.escalation
const problemsOf = (paths: string) => card(paths).problems

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
  ])('%j is nobody’s card', (text, message, line) => {
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

describe('escalation paths in the wild', () => {
  const peers = {
    level: 'peer',
    agents: ['layer-2', 'layer-3'],
    waitMs: 1_800_000,
    reasons: ['Integration issues'],
  }

  it.each([
    [
      'bold label',
      '- **Peer Support:** Layer #2 (API Structure), Layer #3 (Server) - Integration issues (30 min wait)',
    ],
    ['colon after the bold', '- **Peer Support**: Layer #2, Layer #3 - Integration issues (30 min)'],
    ['plain label', '- Peer Support: Layer #2, Layer #3 - Integration issues (30-minute wait)'],
    ['emoji', '- 🤝 **Peer Support:** Layer #2 and Layer #3 — Integration issues (30 min)'],
    ['em dash', '- **Peer Support** — Layer #2 & Layer #3 — Integration issues (30 min)'],
    ['other peers', '- **Peer Domains:** layer-2, layer-3 – Integration issues (30 min)'],
    ['other bullets', '* __Peers:__ Layer #2 / Layer #3: Integration issues (30 min).'],
    ['numbered', '1. **Peer:** Layer #2, #3 - Integration issues (30 min)'],
    ['wait with the label', '- **Peer Support (30 min):** Layer #2, Layer #3 - Integration issues'],
    [
      'wait behind the agents',
      '- **Peer Support:** Layer #2 (30 min), Layer #3 (30 min) - Integration issues',
    ],
    ['wait in front', '- **Peer Support:** (30 min) Layer #2, Layer #3 - Integration issues'],
    ['reasons in front', '- **Peer Support:** Integration issues - Layer #2, Layer #3 (30 min)'],
    ['no parentheses', '- **Peer Support:** Layer #2, Layer #3 - Integration issues, 30 min wait'],
    ['wrapped', '- **Peer Support:** Layer #2,\n  Layer #3 - Integration\n  issues (30\n  min)'],
    ['no bullet', '**Peer Support:** Layer #2, Layer #3 - Integration issues (30 min)'],
    ['nested', '- **Peer Support:** (30 min)\n  - Layer #2\n  - Layer #3 - Integration issues'],
    [
      'table',
      '| Level | Agents | When | Wait |\n|---|---|---|---|\n| Peer | Layer #2, Layer #3 | Integration issues | 30 min |',
    ],
    [
      'table of two',
      '| Path | Details |\n|-|-|\n| **Peer Support** | Layer #2, Layer #3 - Integration issues (30 min) |',
    ],
    ['quote', '> **Peer Support:** Layer #2, Layer #3 - Integration issues (30 min)'],
    ['entities', '- **Peer Support:** Layer #2 &amp; Layer &#35;3 - Integration issues \\(30 min\\)'],
  ])('%s', (_, paths) => {
    expect(problemsOf(paths)).toEqual([])
    expect(pathsOf(paths)).toMatchObject([peers])
    expect(pathsOf(paths)).toHaveLength(1)
  })

  it('keeps several paragraph lines apart', () => {
    const found = pathsOf('**Chief:** Chief #1 - a (1 hour)  \n**CEO:** Agent #0 - b (immediate)')
    expect(found).toMatchObject([
      { level: 'chief', waitMs: 3_600_000, reasons: ['a'], line: 5 },
      { level: 'ceo', waitMs: 0, reasons: ['b'], line: 6 },
    ])
  })

  it('keeps two agents with the number 1 apart', () => {
    const found = pathsOf('- **Peer Support:** Layer #1, Domain #1, Chief #1 - all sorts')
    expect(found[0]).toMatchObject({ agents: ['layer-1', 'domain-1', 'chief-1'], waitMs: null })
  })

  it('leaves prose in parentheses to the reasons, and commas in it alone', () => {
    const found = pathsOf('- **Chief:** Chief #1 - Schema changes (types, keys), drops (see the runbook)')
    expect(found[0]).toMatchObject({
      waitMs: null,
      reasons: ['Schema changes (types, keys)', 'drops (see the runbook)'],
    })
  })

  it('takes no addressee out of the reasons', () => {
    expect(pathsOf('- **Chief:** Chief #1 - quarrels with Layer #5 (1h)')[0]).toMatchObject({
      agents: ['chief-1'],
    })
  })

  it('leaves out a level that the card says nobody holds', () => {
    expect(pathsOf('- **Domain:** None\n- **Chief:** Chief #1')).toMatchObject([{ level: 'chief' }])
  })

  it('lets a chief unnamed be found upward, and knows the CEO', () => {
    const { agent, problems } = card('- **Chief:** hard things (1 hour)\n- **CEO:** the worst (immediate)')
    expect(agent!.escalation).toMatchObject([{ agents: [] }, { agents: ['agent-0'] }])
    expect(problems).toMatchObject([{ code: 'card.path-without-agent', severity: 'warning' }])
  })

  it('reads past sentences', () => {
    expect(problemsOf('Climb when you are stuck.\n\n- **Chief:** Chief #1')).toEqual([])
  })

  it('leaves other sections alone', () => {
    expect(read(`${CARD}\n## Emergency drill\n- **Chief:** Chief #1 (1 fortnight)\n`).problems).toHaveLength(
      1,
    )
  })
})

describe('waits that cannot be read', () => {
  it.each([
    ['(1 fortnight)', 'Try "(14 days)", "(336 hours)" or "(immediate)".'],
    ['(soon)', 'Try "(immediate)".'],
    ['(30 mni wait)', 'Try "(30 min)" or "(immediate)".'],
    ['(0 min)', undefined],
    ['(-5 min)', undefined],
    ['(2 years)', undefined],
    ['(30-60 min)', undefined],
    ['(an hour)', 'Try "(1 hour)" or "(immediate)".'],
    ['(wait)', undefined],
    ['(30 min', undefined],
  ])('%s', (wait, hint) => {
    const line = `- **Peer Support:** Layer #2 (API Structure), Layer #3 — Integration issues ${wait}`
    const { agent, problems } = card(`- **Chief:** Chief #1 (1h)\n${line}`)
    expect(problems).toMatchObject([
      {
        file: 'card.md',
        line: 6,
        column: line.indexOf(wait) + 1,
        severity: 'error',
        code: 'card.wait-unreadable',
        message: `"${wait}" is not a wait I know`,
        ...(hint === undefined ? {} : { hint }),
      },
    ])
    expect(agent!.escalation[1]).toMatchObject({ waitMs: null, reasons: ['Integration issues'] })
  })

  it('are pointed at behind escapes, entities, bold words and CRLF', () => {
    const line = '- **Chief:** Chief \\#1 &amp; **more** `code` [link](x) (1 fortnight)'
    const { problems } = read(`# Layer #7: S\r\n**Reports to:** Chief #1\r\n\r\n## Escalation\r\n${line}\r\n`)
    expect(problems).toMatchObject([
      { line: 5, column: line.indexOf('(1 f') + 1, code: 'card.wait-unreadable' },
    ])
  })

  it('are found behind an agent, in a table and without parentheses', () => {
    expect(problemsOf('- **Chief:** Chief #1 (soon)')).toMatchObject([{ line: 5, column: 23 }])
    expect(problemsOf('| Level | Agent | Wait |\n|-|-|-|\n| Chief | Chief #1 | a while |')).toMatchObject([
      { code: 'card.wait-unreadable', line: 7, column: 22 },
    ])
    expect(problemsOf('- **Chief:** Chief #1 - big things, 30 mni wait')).toMatchObject([
      { line: 5, column: 37 },
    ])
  })

  it('disagree on one line', () => {
    const { agent, problems } = card('- **Peers:** Layer #2 (30 min), Layer #3 (1 hour)')
    expect(agent!.escalation[0]!.waitMs).toBeNull()
    expect(problems).toMatchObject([{ code: 'card.wait-ambiguous', severity: 'error', line: 5, column: 42 }])
  })
})

describe('names that cannot be read', () => {
  it('of a level, with what was meant', () => {
    expect(problemsOf('- **Cheif:** Chief #1 (1 hour)')).toMatchObject([
      {
        line: 5,
        column: 5,
        severity: 'error',
        code: 'card.level-unknown',
        message: '"Cheif" is not a level of escalation',
        hint: expect.stringContaining('Did you mean "Chief"?'),
      },
    ])
    expect(problemsOf('- Layer #2 knows (30 min)')).toMatchObject([{ code: 'card.level-unknown', column: 3 }])
    expect(problemsOf('| Level | Agent |\n|-|-|\n| Boss | Chief #1 |')).toMatchObject([
      { line: 7, column: 3 },
    ])
  })

  it('of an agent', () => {
    expect(problemsOf('- **Peer Support:** Layr #2 (API), Layer #3 (30 min)')).toMatchObject([
      { code: 'card.agent-unreadable', severity: 'error', line: 5, column: 21 },
    ])
    expect(problemsOf('- **Peer Support:** the API people (30 min)')).toMatchObject([
      { code: 'card.path-without-agent', severity: 'error', line: 5, column: 5 },
    ])
    expect(card('- Chief: Chief #1', '**Manages:** everyone').problems).toMatchObject([
      { code: 'card.agent-unreadable', line: 3, column: 14 },
    ])
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
| Metric | Target |
|---|---|
| Uptime | > 99.9% |
| Lost jobs | Zero |

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
    ...[
      '# Layer #1: A\n',
      '## Escalation Paths\n',
      '- **Chief:** ',
      'Chief #1 ',
      '(30 min',
      ')',
      '|a|b|\n|-|-|\n',
      '**',
    ],
    ...[
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
    ],
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
