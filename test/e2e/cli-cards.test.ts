import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentCard, Problem } from '@esa/org'
import type { SimulationResult } from '@esa/simulator'
import { EsaHome } from './run-esa.ts'

type Agent = AgentCard & { hasCard: boolean }
type Linted = { agents: Agent[]; problems: Problem[] }

const CARD = `# Layer Agent #62: Test Bench

**Reports to:** Chief #1 (Foundation), Domain #1 (Infrastructure Orchestrator)
**Division:** Foundation

## Core Responsibilities
- Keep the bench level

## Escalation Paths
- **Peer:** Layer #2 (API Structure) (30 min) - trouble at the seam
- **Chief:** Chief #1 (Foundation) (1 hour) - what is larger
- **CEO:** Agent #0 (immediate) - loss of data

## Success Metrics
- Bench tilt: <1%
`

const AGENT_KEYS = [
  'id',
  'kind',
  'number',
  'name',
  'division',
  'reportsTo',
  'responsibilities',
  'technologies',
  'escalation',
  'collaboration',
  'manages',
  'metrics',
  'cardHash',
]

let esa: EsaHome
const path = (name: string): string => join(esa.folder, name)

beforeAll(async () => {
  esa = await EsaHome.create()
})

afterAll(() => esa.remove())

describe('esa agents', () => {
  it('lists all 105, with the facts of the chart where there is no card', async () => {
    const { agents } = await esa.json<{ agents: Agent[] }>('agents', 'ls')
    expect(agents).toHaveLength(105)
    for (const agent of agents) expect(Object.keys(agent)).toEqual(expect.arrayContaining(AGENT_KEYS))
    for (const agent of agents) expect(agent.hasCard).toBe(agent.cardHash !== null)
  })

  it('shows one, and does not know another', async () => {
    expect(await esa.json('agents', 'show', 'layer-1')).toMatchObject({
      id: 'layer-1',
      kind: 'layer',
      number: 1,
      reportsTo: ['chief-1', 'domain-1'],
      chief: 'chief-1',
    })
    expect(await esa.refused('agents', 'show', 'layer-999')).toMatchObject({
      code: 4,
      problem: { code: 'agent.unknown' },
    })
  })
})

describe('esa agents lint', () => {
  it('reads a card whatever its file is called', async () => {
    await writeFile(path('bench.txt'), CARD)
    const { agents, problems } = await esa.json<Linted>('agents', 'lint', path('bench.txt'))
    expect(problems.filter((problem) => problem.severity === 'error')).toEqual([])
    expect(agents).toHaveLength(1)
    for (const agent of agents) expect(Object.keys(agent)).toEqual(expect.arrayContaining(AGENT_KEYS))
    expect(agents[0]).toMatchObject({ id: 'layer-62', metrics: [{ comparator: '<', value: 1, unit: '%' }] })
    expect(agents[0]?.escalation).toContainEqual(
      expect.objectContaining({ level: 'peer', agents: ['layer-2'], waitMs: 1_800_000 }),
    )
  })

  it('points at what it cannot read, and ends with 3', async () => {
    await writeFile(
      path('bad.md'),
      CARD.replace('(1 hour)', '(1 fortnight)').replace('Layer #2 ', 'Layer #2x '),
    )
    const { code, stdout } = await esa.run(['agents', 'lint', path('bad.md'), '--json'])
    expect(code).toBe(3)
    const { problems } = JSON.parse(stdout) as Linted
    expect(problems).toContainEqual(
      expect.objectContaining({
        file: path('bad.md'),
        line: 11,
        severity: 'error',
        hint: expect.any(String),
      }),
    )
    const text = await esa.run(['agents', 'lint', path('bad.md')])
    expect(text.code).toBe(3)
    expect(text.stdout).toContain(`${path('bad.md')}:11:`)
  })

  it('checks whom a card names against the given cards and the organization', async () => {
    const names = CARD.replace('Layer #2 (API Structure)', 'Layer #77 (Nobody)')
    await writeFile(path('names.md'), names)
    const alone = await esa.run(['agents', 'lint', path('names.md'), '--json'])
    expect(alone.code).toBe(3)
    expect((JSON.parse(alone.stdout) as Linted).problems).toContainEqual(
      expect.objectContaining({ code: 'org.unknown-agent', message: expect.stringContaining('layer-77') }),
    )
    await writeFile(path('nobody.md'), CARD.replace('#62: Test Bench', '#77: Nobody'))
    const both = await esa.json<Linted>('agents', 'lint', path('names.md'), path('nobody.md'))
    expect(both.agents.map(({ id }) => id)).toEqual(['layer-62', 'layer-77'])
  })

  it('lets a given card stand in for the project’s own of that agent', async () => {
    await writeFile(path('one.md'), CARD.replace('#62: Test Bench', '#1: Database Architecture'))
    const { problems } = await esa.json<Linted>('agents', 'lint', path('one.md'))
    expect(problems.map(({ code }) => code)).not.toContain('org.duplicate-id')
  })

  it('searches folders for cards, and leaves other Markdown out', async () => {
    await mkdir(path('cards/layer-62'), { recursive: true })
    await writeFile(path('cards/layer-62/card.md'), CARD)
    await writeFile(path('cards/README.md'), '# About these cards\n')
    const { agents, problems } = await esa.json<Linted>(
      'agents',
      'lint',
      path('cards'),
      path('cards/layer-62/card.md'),
    )
    expect(agents).toHaveLength(1)
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
  })

  it('refuses what is not there, and a folder without cards', async () => {
    await mkdir(path('empty'), { recursive: true })
    expect(await esa.refused('agents', 'lint', path('gone.md'))).toMatchObject({ code: 4 })
    expect(await esa.refused('agents', 'lint', path('empty'))).toMatchObject({ code: 4 })
    expect(await esa.refused('agents', 'lint')).toMatchObject({ code: 2 })
  })
})

describe('esa org', () => {
  it('checks out with nothing worse than warnings', async () => {
    const { problems } = await esa.json<Linted>('org', 'check')
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
  })

  it('draws every agent once', async () => {
    const { stdout } = await esa.run(['org', '--tree'])
    expect(stdout.trim().split('\n')).toHaveLength(105)
  })
})

describe('esa simulate', () => {
  it.concurrent('climbs the ladder of the card on a virtual clock, the same way every time', async () => {
    const args = ['simulate', 'layer-1', '--category', 'integration', '--seed', '7', '--json']
    const [first, second] = await Promise.all([esa.run(args), esa.run(args)])
    expect(first).toEqual(second)
    const { path: rungs, events, outcome, end } = JSON.parse(first.stdout) as SimulationResult
    expect(rungs.map(({ level }) => level)).toEqual(['peer', 'chief', 'ceo'])
    expect(events[0]).toMatchObject({ seq: 1, type: 'incident.opened', atMs: 0 })
    expect(outcome).toBe('exhausted')
    expect(end).toMatchObject({ agent: 'layer-1', status: 'exhausted' })
  })

  it.concurrent('takes commands, and shows refused ones', async () => {
    const at = ['--at', '60000:{"type":"acknowledge","as":"layer-50"}']
    const then = ['--at', '120000:{"type":"resolve","as":"layer-2","cause":"restarted"}']
    const { events, outcome } = await esa.json<SimulationResult>(
      'simulate',
      'layer-1',
      '--category',
      'integration',
      ...at,
      ...then,
    )
    expect(outcome).toBe('resolved')
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'command.refused',
        atMs: 60_000,
        data: expect.objectContaining({ command: 'acknowledge', code: 'incident.not-allowed' }),
      }),
    )
  })

  it.concurrent('takes a file of scenarios and answers with as many results', async () => {
    const scenario = { agent: 'layer-1', category: 'data-loss', commands: [], horizonMs: 60_000, seed: 1 }
    await writeFile(path('story.json'), JSON.stringify([scenario, scenario]))
    const results = await esa.json<SimulationResult[]>('simulate', '--scenario', path('story.json'))
    expect(results).toHaveLength(2)
    expect(results[0]).toEqual(results[1])
  })

  it.concurrent.each([
    ['no category', ['simulate', 'layer-1'], 2],
    ['an unknown agent', ['simulate', 'layer-999', '--category', 'blocker'], 4],
    ['an unknown category', ['simulate', 'layer-1', '--category', 'weather'], 2],
    ['a command that is not JSON', ['simulate', 'layer-1', '--category', 'blocker', '--at', '5:x'], 2],
    ['a scenario that is not there', ['simulate', '--scenario', 'gone.json'], 4],
  ])('refuses %s', async (_, args, code) => expect((await esa.refused(...args)).code).toBe(code))
})
