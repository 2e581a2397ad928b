import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { behaviors } from '@esa/agents'
import { escalationDefinitions } from '@esa/escalation'
import { extractMachinesFromFile } from '@xstate/machine-extractor'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const FILES = globSync('{escalation/src,agents,packages/behavior/src}/**/*.machine.ts', { cwd: ROOT })
  .filter((file) => !file.includes('/versions/') && !file.includes('node_modules'))
  .toSorted()

/** A machine as a tool reads it from its source, or as XState has it. */
interface Node {
  on: Record<string, unknown>
  after: Record<string, unknown>
  always: unknown
  states: Record<string, Partial<Node>>
}

/** What each state takes, a line a transition: a tool that draws the machine has to find every one of them. */
function transitionsIn({ on = {}, after = {}, always, states = {} }: Partial<Node>, at = ''): string[] {
  const each = (name: string, given: unknown): string[] =>
    (Array.isArray(given) ? given : [given]).map(() => `${at} ${name}`)
  return [
    ...Object.entries(on).flatMap(([event, given]) => each(event, given)),
    ...Object.entries(after).flatMap(([delay, given]) => each(`after ${delay}`, given)),
    ...(always === undefined ? [] : each('always', always)),
    ...Object.entries(states).flatMap(([name, state]) => transitionsIn(state, `${at}/${name}`)),
  ].toSorted()
}

/** The machines that run, by id; the newest version of each. */
const running = new Map(
  [...escalationDefinitions({ timeScale: 1 }), ...behaviors.definitions()]
    .toSorted((a, b) => a.version - b.version)
    .map(({ machine }) => [machine.id, machine]),
)

describe('the source of a machine', () => {
  // The tool says of each `params: ({ event }) => event` that it does not draw it.
  beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}))
  afterEach(() => void vi.restoreAllMocks())

  it('is there for every machine that runs', () => {
    const ids = FILES.map((file) => String(extracted(file).id))
    expect(ids.toSorted()).toEqual([...running.keys()].toSorted())
  })

  it.each(FILES)('shows a tool every transition: %s', (file) => {
    const config = extracted(file)
    const machine = running.get(String(config.id))!
    const found = transitionsIn(config)
    expect(found.length).toBeGreaterThan(0)
    expect(found).toEqual(transitionsIn(machine.config as Partial<Node>))
  })
})

function extracted(file: string) {
  const [machine, ...more] = extractMachinesFromFile(readFileSync(join(ROOT, file), 'utf8'))?.machines ?? []
  expect(more).toEqual([])
  return machine!.toConfig()!
}
