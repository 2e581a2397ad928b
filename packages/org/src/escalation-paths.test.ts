import { describe, expect, it } from 'vitest'
import { parseCard } from './parse-card.ts'

const read = (text: string) => parseCard({ file: 'card.md', text })
const card = (paths: string, rest = ''): ReturnType<typeof read> =>
  read(`# Layer #7: State\n**Reports to:** Chief #1\n${rest}\n## Escalation Paths\n${paths}\n`)
const pathsOf = (paths: string) => card(paths).agent!.escalation
const problemsOf = (paths: string) => card(paths).problems

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

  it('leaves out a level that the card leaves empty', () => {
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
    const paths = '- **Chief:** Chief #1\n\n## Emergency drill\n- **Chief:** Chief #1 (1 fortnight)'
    expect(problemsOf(paths)).toEqual([])
  })
})

describe('waits that cannot be read', () => {
  it.each([
    ['(1 fortnight)', 'Did you mean "(14 days)", "(336 hours)" or "(immediate)"?'],
    ['(soon)', 'Try "(immediate)".'],
    ['(30 mni wait)', 'Did you mean "(30 min)" or "(immediate)"?'],
    ['(0 min)', undefined],
    ['(-5 min)', undefined],
    ['(2 years)', undefined],
    ['(30-60 min)', undefined],
    ['(an hour)', 'Did you mean "(1 hour)" or "(immediate)"?'],
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
    const line = '- **Chief:** Chief &#35;1 &amp; \\* **more** `code` [link](x) (1 fortnight)'
    const { problems } = read(`# Layer #7: S\r\n**Reports to:** Chief #1\r\n\r\n## Escalation\r\n${line}\r\n`)
    expect(problems).toMatchObject([
      { line: 5, column: line.indexOf('(1 f') + 1, code: 'card.wait-unreadable' },
    ])
  })

  it.each(['Chief &#35;1 - more', 'Chief \\#1 - more', 'Chief #1 &amp; more', 'Chief #1 - 🚀 more'])(
    'are pointed at behind %s in the same words',
    (words) => {
      const line = `- **Chief:** ${words} (1 fortnight)`
      expect(problemsOf(line)).toMatchObject([{ line: 5, column: line.indexOf('(') + 1 }])
    },
  )

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
