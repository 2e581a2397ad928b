import { describe, expect, it } from 'vitest'
import type { AgentCard } from './agent-card.ts'
import { checkDirectory } from './check-directory.ts'
import { buildDirectory } from './directory.ts'
import { ORG_CHART } from './org-chart.ts'
import { orgTree } from './org-tree.ts'
import { parseCard } from './parse-card.ts'

/** A card in few words; its file is named after its heading's agent. */
function card(heading: string, fields: string, paths = '- CEO: Agent #0 (immediate)'): AgentCard {
  const text = `# ${heading}\n${fields}\n\n## Escalation Paths\n${paths}\n`
  const { agent } = parseCard({ file: `${heading}.md`, text })
  if (!agent) throw new Error(`no card: ${heading}`)
  return agent
}

const ceo = card('Agent #0: ESA CEO', 'Manages: Chief #1', '')
const chief = card('Chief #1: Foundation', 'Reports to: Agent #0\nManages: Domain #1, Layers #1-#2')
const domain = card('Domain #1: Infra', 'Reports to: Chief #1\nManages: Layer #1')
const one = card('Layer #1: Data', 'Reports to: Chief #1 + Domain #1', '- Peers: Layer #2 (30 min)')
const two = card('Layer #2: API', 'Reports to: Chief #1', '- Peers: Layer #1, Layer #2')
const check = (...cards: AgentCard[]) => checkDirectory(buildDirectory(cards))

describe('the chart', () => {
  it('has 105 agents, each with lines to agents of the chart', () => {
    const ids = new Set(ORG_CHART.map((agent) => agent.id))
    expect(ids.size).toBe(105)
    expect(ORG_CHART.flatMap((agent) => agent.reportsTo).filter((id) => !ids.has(id))).toEqual([])
    const counts = Map.groupBy(ORG_CHART, (agent) => agent.kind)
    expect([...counts].map(([kind, agents]) => [kind, agents.length])).toEqual([
      ['ceo', 1],
      ['chief', 6],
      ['domain', 9],
      ['layer', 61],
      ['expert', 7],
      ['operational', 5],
      ['life-ceo', 16],
    ])
  })
})

describe('a directory', () => {
  const directory = buildDirectory([ceo, chief, domain, one, two])

  it('answers with the card, or with the chart where there is none', () => {
    expect(directory.get('layer-1')).toMatchObject({ name: 'Data', card: one })
    expect(directory.get('layer-14')).toMatchObject({
      kind: 'layer',
      name: 'Caching Strategy',
      division: 'Core',
      reportsTo: ['chief-2', 'domain-1'],
      manages: [],
      card: null,
    })
    expect(directory.get('layer-99')).toBeUndefined()
    expect(directory.all()).toHaveLength(105)
    expect(buildDirectory([card('Layer #99: New', 'Reports to: Chief #1')]).all()).toHaveLength(106)
  })

  it('finds who is above and beside', () => {
    expect(directory.chiefOf('layer-1')).toBe('chief-1')
    expect(directory.domainOf('layer-1')).toBe('domain-1')
    expect(directory.domainOf('layer-2')).toBeUndefined()
    expect(directory.chiefOf('expert-16')).toBe('chief-1')
    expect(directory.chiefOf('chief-1')).toBeUndefined()
    expect(directory.chiefOf('nobody-1')).toBeUndefined()
    expect(directory.peersOf('layer-2')).toEqual(['layer-1'])
    expect(directory.peersOf('layer-4')).toEqual([])
    expect(directory.escalationOf('layer-1', 'peer')).toEqual(one.escalation)
  })

  it('prefers the chief and the domain that the card names', () => {
    const named = card('Layer #1: Data', 'Reports to: Chief #1', '- Chief: Chief #2\n- Domain: Domain #3')
    const other = buildDirectory([named])
    expect([other.chiefOf('layer-1'), other.domainOf('layer-1')]).toEqual(['chief-2', 'domain-3'])
  })

  it('ends on a circle', () => {
    const a = card('Layer #1: A', 'Reports to: Layer #2')
    const b = card('Layer #2: B', 'Reports to: Layer #1')
    expect(buildDirectory([a, b]).chiefOf('layer-1')).toBeUndefined()
  })
})

describe('checkDirectory', () => {
  it('has nothing to say about an organization that fits', () => {
    const peerless = card('Layer #2: API', 'Reports to: Chief #1')
    expect(check(ceo, chief, domain, one, peerless)).toEqual([])
  })

  it('names both ends of a line that only one side knows', () => {
    const stray = card('Layer #2: API', 'Reports to: Chief #1 + Domain #1')
    expect(check(ceo, chief, domain, one, stray)).toEqual([
      {
        file: 'Layer #2: API.md',
        line: 2,
        column: 24,
        severity: 'warning',
        code: 'org.unmirrored',
        message: 'layer-2 reports to domain-1, but domain-1 does not list layer-2 among those it manages',
      },
    ])
    const loose = card('Layer #1: Data', 'Reports to: Chief #1')
    expect(
      check(ceo, chief, domain, loose, two).filter(({ code }) => code === 'org.unmirrored'),
    ).toMatchObject([
      {
        file: 'Domain #1: Infra.md',
        line: 3,
        column: 10,
        message: expect.stringContaining('domain-1 manages layer-1'),
      },
    ])
  })

  it('tells an agent without a card from one that does not exist', () => {
    const peers = card(
      'Layer #1: Data',
      'Reports to: Chief #1 + Domain #1',
      '- Peers: Layer #3, Layer #162 (30 min)',
    )
    const other = card('Layer #2: API', 'Reports to: Chief #1', '- Peers: Layer #3\n- CEO: Agent #0')
    const problems = check(ceo, chief, domain, peers, other)
    expect(problems).toMatchObject([
      {
        code: 'org.no-card',
        severity: 'warning',
        message: 'layer-3 is named by layer-1 and has no card yet',
        line: 5,
        column: 10,
      },
      {
        code: 'org.unknown-agent',
        severity: 'error',
        line: 5,
        column: 20,
        hint: expect.stringMatching(/Did you mean layer-/),
      },
    ])
  })

  it('finds circles, once each, and those whom no line takes to the CEO', () => {
    const a = card('Layer #1: A', 'Reports to: Layer #2', '- Peers: Layer #2')
    const b = card('Layer #2: B', 'Reports to: Layer #1', '- Peers: Layer #1')
    const errors = check(a, b).filter(({ severity }) => severity === 'error')
    expect(errors.map(({ file, code, message }) => [file, code, message])).toEqual([
      ['Layer #1: A.md', 'org.ceo-unreachable', 'no path of layer-1 ends at the CEO (agent-0)'],
      ['Layer #1: A.md', 'org.cycle', 'reporting goes in a circle: layer-1 -> layer-2 -> layer-1'],
      ['Layer #2: B.md', 'org.ceo-unreachable', 'no path of layer-2 ends at the CEO (agent-0)'],
    ])
  })

  it('calls an agent without a superior an orphan', () => {
    const alone = card('Expert #10: AI Research', '', '- Chief: Chief #1')
    expect(
      check(ceo, chief, domain, one, two, alone).filter(({ file }) => file.startsWith('Expert')),
    ).toMatchObject([
      { code: 'org.orphan', severity: 'warning', message: expect.stringContaining('expert-10') },
      { code: 'org.ceo-unreachable', severity: 'error' },
    ])
  })

  it('refuses a second card of an id, and warns of self-naming, wrong kinds and strangers', () => {
    const again = card('Layer #1: Copy', 'Reports to: Chief #1 + Domain #1')
    expect(check(ceo, chief, domain, one, again, two).map(({ code }) => code)).toContain('org.duplicate-id')
    expect(buildDirectory([one, again]).get('layer-1')?.card).toBe(one)
    expect(check(ceo, chief, domain, one, two).map(({ code }) => code)).toEqual(['org.names-itself'])
    const odd = card('Layer #62: Odd', 'Reports to: Agent #0', '- Chief: Domain #1')
    expect(check(ceo, chief, domain, odd).map(({ code }) => code)).toEqual(
      expect.arrayContaining(['org.wrong-kind', 'org.not-on-chart']),
    )
  })
})

describe('orgTree', () => {
  it('draws lines downward and names the other lines of an agent', () => {
    const lines = orgTree(buildDirectory([ceo, chief, domain, one, two])).split('\n')
    expect(lines).toHaveLength(105)
    expect(lines.slice(0, 6)).toEqual([
      'agent-0  ESA CEO',
      '├─ chief-1  Foundation',
      '│  ├─ domain-1  Infra',
      '│  │  ├─ layer-1  Data',
      '│  │  ├─ layer-3  Server Framework (no card)',
      '│  │  └─ layer-14  Caching Strategy [also chief-2] (no card)',
    ])
  })

  it('keeps those that nothing connects', () => {
    const a = card('Layer #1: A', 'Reports to: Layer #2')
    const b = card('Layer #2: B', 'Reports to: Layer #1')
    expect(
      orgTree(buildDirectory([a, b]))
        .split('\n')
        .slice(-3),
    ).toEqual(['not connected to the CEO:', '  layer-1  A [also layer-2]', '  └─ layer-2  B'])
  })
})
