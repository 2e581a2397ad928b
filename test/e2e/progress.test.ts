import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, EsaHome } from './run-esa.ts'

const ESA = fileURLToPath(new URL('../../bin/esa', import.meta.url))

/** It gives a process a terminal. */
const hasScript = spawnSync('script', ['--version']).status === 0
if (!hasScript) process.stderr.write('\n!! no script(1) here: the test of bars on a terminal is SKIPPED\n\n')

describe.runIf(hasScript)('long work', () => {
  let home: EsaHome
  const path = (name: string): string => `${home.folder}/${name}`

  beforeAll(async () => {
    home = await EsaHome.create()
    const about = '--agent layer-1 --category integration --title pools'.split(' ')
    await home.json('incidents', 'open', ...about)
  })
  afterAll(() => home.remove())

  it.each([
    ['replay verify --all', 'streams'],
    ['retain --older-than 2h -o', 'removed'],
  ])('esa %s shows a bar on a terminal, and nothing but its answer elsewhere', async (line, label) => {
    const args = line.endsWith('-o') ? `${line} ${path('kept.jsonl')}` : line
    const command = `"${ESA}" --home "${home.home}" ${args} 2>&1 >"${path('answer')}"`
    const { stdout } = await ended(spawn('script', ['-qec', command, '/dev/null'], { stdio: 'pipe' }))
    expect(stdout).toMatch(new RegExp(`${label} [█░]+ \\d+%`))

    const { code, stderr } = await home.run(args.replace('kept', 'again').split(' '))
    expect([code, stderr]).toEqual([0, ''])
  })
})
