import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import type { Problem } from '@esa/org'
import type { SimulationResult } from '@esa/simulator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EsaHome, type Ran, says } from './run-esa.ts'

/** What climbing a ladder may take, with the start of the process, ms. */
const SIMULATED_WITHIN_MS = 1_000

/** Test files run beside each other on two cores. */
const BUSY = 3

/** Two looks at the cards, a second each; ten are for a busy machine. */
const POLL = { timeout: 10_000, interval: 200 }

const ESA = fileURLToPath(new URL('../../bin/esa', import.meta.url))

/** It gives a process a terminal. */
const hasScript = spawnSync('script', ['--version']).status === 0
if (!hasScript)
  process.stderr.write('\n!! no script(1) here: the test of questions on a terminal is SKIPPED\n\n')

let esa: EsaHome
let folder: string

beforeAll(async () => {
  esa = await EsaHome.create()
  folder = join(esa.folder, 'coffee')
})

afterAll(() => esa.remove())

const run = (...args: string[]): Promise<Ran> => esa.run([...args, '--json'], {}, folder)

async function answerOf<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await run(...args)
  if (code !== 0) throw new Error(`esa ${args.join(' ')} ended with ${code}: ${stderr}`)
  return JSON.parse(stdout) as T
}

describe('a first agent, from an empty folder, without code', () => {
  it('is written, mended, taken by a running esa, shown by the API, and simulated', async () => {
    const made = await esa.json<{ agent: string; problems: Problem[] }>(
      'init',
      folder,
      '--name',
      'Coffee Machine',
    )
    expect(made).toMatchObject({ agent: 'layer-62', problems: [] })
    expect(await run('init')).toMatchObject({ code: 6, stdout: '' })

    const up = esa.start(['up'], {}, folder)
    const said = await says(up, 'ready in ')
    const url = /http:\/\/[\d.:]+/.exec(said)?.[0]
    const shown = async (id: string): Promise<unknown> => {
      const response = await fetch(`${url}/api/v1/agents/${id}`)
      return response.status === 200 ? await response.json() : response.status
    }
    expect(JSON.stringify(await shown('layer-62'))).toContain('Coffee Machine')
    expect(await shown('layer-63')).toBe(404)

    const args = [
      'agents',
      'new',
      '--name',
      'Tea Kitchen',
      '--peer',
      'layer-62',
      '--metric',
      'Cups spilt < 1%',
    ]
    const { agent, file } = await answerOf<{ agent: string; file: string }>(...args)
    expect(agent).toBe('layer-63')
    expect(await answerOf('agents', 'lint', file)).toMatchObject({ problems: [] })
    await expect.poll(async () => JSON.stringify(await shown('layer-63')), POLL).toContain('Tea Kitchen')

    const card = await readFile(file, 'utf8')
    const faulty = card.replace('(1 hour wait)', '(1 huor wait)')
    const before = faulty.slice(0, faulty.indexOf('(1 huor')).split('\n')
    const refused = says(up, 'cards refused')
    await writeFile(file, faulty)
    const linted = await run('agents', 'lint', file)
    expect(linted.code).toBe(3)
    const { problems } = JSON.parse(linted.stdout) as { problems: Problem[] }
    const hint = expect.stringMatching(/^Did you mean "\(1 hour\)"/)
    expect(problems).toEqual([
      expect.objectContaining({ file, line: before.length, column: before.at(-1)!.length + 1, hint }),
    ])
    await refused

    const reloaded = says(up, 'cards reloaded, for new incidents: layer-63')
    await writeFile(
      file,
      card.replace('(1 hour wait)', '(2 hours wait)').replaceAll('Tea Kitchen', 'Tea House'),
    )
    await reloaded
    expect(JSON.stringify(await shown('layer-63'))).toContain('Tea House')

    const began = performance.now()
    const ladder = await answerOf<SimulationResult>('simulate', 'layer-63', '--category', 'performance')
    expect(performance.now() - began).toBeLessThan(SIMULATED_WITHIN_MS * BUSY)
    expect(ladder.path.map(({ agents, waitMs }) => [agents[0], waitMs])).toEqual([
      ['domain-9', 1_800_000],
      ['chief-6', 7_200_000],
      ['agent-0', expect.any(Number)],
    ])
    const opened = ['--agent', 'layer-63', '--category', 'performance', '--title', 'lukewarm']
    expect(await answerOf('incidents', 'open', ...opened)).toMatchObject({ agent: 'layer-63' })
    up.kill('SIGTERM')
  })
})

describe('a folder that is in use already', () => {
  it('keeps what is in it', async () => {
    const repository = join(esa.folder, 'repository')
    await mkdir(repository)
    await writeFile(join(repository, '.gitignore'), 'dist/\n')
    const made = await esa.run(['init'], {}, repository)
    expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('let it name .esa/') })
    expect(await readFile(join(repository, '.gitignore'), 'utf8')).toBe('dist/\n')
    expect((await stat(join(repository, 'esa.env'))).mode & 0o777).toBe(0o600)
  })
})

describe.runIf(hasScript)('a new agent, on a terminal', () => {
  it('is prompted for, and is the card that was answered', async () => {
    const cards = join(esa.folder, 'asked')
    const command = `stty cols 100 rows 40; "${ESA}" agents new --into "${cards}" --does "Pull shots"`
    const terminal = spawn('script', ['-qec', command, '/dev/null'], { stdio: 'pipe', cwd: esa.folder })
    const shows = screenOf(terminal)
    const gone = once(terminal, 'close')
    const answers: [string, string][] = [
      ['called?', 'Espresso Bar\r'],
      ['answer for', 'Mornings\r'],
      ['report?', '\u001B[B\r'],
      ['first?', ' \r'],
    ]
    for (const [question, keys] of answers) {
      await shows(question)
      terminal.stdin.write(keys)
    }
    await shows('layer-62 Espresso Bar')
    await gone
    const card = await readFile(join(cards, 'layers/layer-62/card.md'), 'utf8')
    for (const said of ['#62: Espresso Bar', 'Mornings', '- Pull shots', '**Reports to:** Chief #1'])
      expect(card).toContain(said)
  })
})

/** Waits for words on a terminal; colors and moves of the cursor are left out. */
function screenOf(terminal: ChildProcess): (words: string) => Promise<void> {
  let screen = ''
  const waiting = new Set<() => void>()
  terminal.stdout?.setEncoding('utf8').on('data', (more: string) => {
    screen += more
    for (const look of waiting) look()
  })
  return (words) =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!stripVTControlCharacters(screen).includes(words)) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
}
