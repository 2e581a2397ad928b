import { buildDirectory } from '@esa/org'
import type { SimulationResult } from '@esa/simulator'
import { describe, expect, it } from 'vitest'
import { formatSimulation, runSimulate } from './simulate.ts'

const files: Record<string, string> = {
  'one.json': '{"agent":"layer-1","category":"security","horizonMs":1000}',
  'two.json': '[{"agent":"layer-1","category":"blocker"},{"agent":"layer-2","category":"blocker"}]',
  'torn.json': '{"agent":',
}
const io = {
  directory: buildDirectory([]),
  timeScale: 1,
  readFile: async (path: string) => {
    const text = files[path]
    if (text === undefined) throw new Error(`no such file: ${path}`)
    return text
  },
}
const ladder = { agent: 'layer-1', category: 'architecture', at: [] as string[] }

async function one(args: Parameters<typeof runSimulate>[0]): Promise<SimulationResult> {
  const result = await runSimulate(args, io)
  if (Array.isArray(result)) throw new TypeError('one result was expected')
  return result
}

describe('esa simulate', () => {
  it('reads commands, horizon and seed', async () => {
    const at = ['3600000:{"type":"acknowledge","as":"chief-1","forMs":60000}']
    const { outcome, end } = await one({ ...ladder, at, horizon: '61 min', seed: '7' })
    expect(outcome).toBe('acknowledged')
    expect(end.deadlineMs).toBe(3_660_000)
    expect((await one({ ...ladder, seed: '8' })).end.id).not.toBe(end.id)
  })

  it('gives one result for a scenario and an array for an array', async () => {
    expect(await one({ at: [], scenario: 'one.json' })).toMatchObject({ outcome: 'triggered' })
    const results = await runSimulate({ at: [], scenario: 'two.json' }, io)
    expect([results].flat().map(({ end }) => end.agent)).toEqual(['layer-1', 'layer-2'])
    expect(Array.isArray(results)).toBe(true)
  })

  it.each([
    ['no agent', { at: [] }, 'usage.simulate'],
    ['a scenario and an agent', { ...ladder, scenario: 'one.json' }, 'usage.simulate'],
    ['an --at without an instant', { ...ladder, at: ['{"type":"withdraw","as":"layer-1"}'] }, 'usage.at'],
    ['an --at that is not JSON', { ...ladder, at: ['5:{type}'] }, 'usage.at'],
    ['an --at that is not an object', { ...ladder, at: ['5:null'] }, 'usage.at'],
    ['a horizon that is not a duration', { ...ladder, horizon: 'soon' }, 'usage.horizon'],
    ['a seed that is not a number', { ...ladder, seed: 'x' }, 'usage.seed'],
    ['a missing file', { at: [], scenario: 'none.json' }, 'file.unreadable'],
    ['a torn file', { at: [], scenario: 'torn.json' }, 'scenario.not-json'],
    ['an unknown agent', { ...ladder, agent: 'layer-199' }, 'agent.unknown'],
  ])('refuses %s', async (_, args, code) => {
    await expect(runSimulate(args, io)).rejects.toMatchObject({ code, kind: 'terminal' })
  })

  it('shows a ladder and a timeline, and says that it is simulated', async () => {
    const at = ['3600001:{"type":"snooze","as":"agent-0","forMs":60000}']
    const lines = formatSimulation(await one({ ...ladder, at, horizon: '2h' })).split('\n')
    expect(lines[0]).toBe('SIMULATED on a virtual clock: layer-1, architecture')
    expect(lines[1]).toMatch(/^ {2}chief {2}chief-1 {2}1 h/)
    expect(lines.find((line) => line.includes('incident.escalated'))).toMatch(/\+1:00:00\.001 .* 1 ms late$/)
    expect(lines.find((line) => line.includes('command.refused'))).toContain(
      'command snooze; code incident.at-ceo',
    )
    expect(lines.at(-1)).toBe('triggered at level ceo; next: ack-wait at +3:00:00.001')
  })
})
