import { spawnSync } from 'node:child_process'
import { beforeAll, describe, expect, it } from 'vitest'
import { completionScript, SHELLS, checkout, program } from '@esa/cli/testing'

let script: string

beforeAll(() => {
  script = completionScript(program(0, true, checkout), 'bash')
})

/** What bash offers at the end of a line, whose last word may be begun. */
function offered(line: string): string[] {
  const words = line.split(' ')
  const ask = `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=${words.length - 1}; _esa; printf '%s\\n' "\${COMPREPLY[@]}"`
  const ran = spawnSync('bash', ['--norc', '-c', ask, 'bash', ...words], { encoding: 'utf8' })
  expect(ran.stderr).toBe('')
  return ran.stdout.split('\n').filter((word) => word !== '')
}

describe('completion in bash', () => {
  it.each([
    ['esa inci', ['incidents']],
    ['./bin/esa inci', ['incidents']],
    ['esa --home x inci', ['incidents']],
    ['esa incidents sn', ['snooze']],
    ['esa incidents ls --level c', ['chief', 'ceo']],
    ['esa incidents ack 01K --fo', ['--for']],
    ['esa incidents ack --js', ['--json']],
    ['esa complete f', ['fish']],
    ['esa init --na', ['--name']],
    ['esa agents n', ['new']],
    ['esa agents new --repo', ['--reports-to']],
    ['esa db check --reporter s', ['sarif']],
    ['esa frobnicate --hom', ['--home']],
    ['esa nothing-like-it', []],
  ])('%s', (line, words) => expect(offered(line)).toEqual(words))

  it('offers every command of a group where nothing is typed yet', () => {
    expect(offered('esa agents ')).toEqual(expect.arrayContaining(['ls', 'show', 'lint', 'seat']))
  })
})

describe('completion in the other shells', () => {
  it.each(SHELLS)('%s knows every command', (shell) => {
    const root = program(0, true, checkout)
    const text = completionScript(root, shell)
    for (const command of root.commands) expect(text).toContain(command.name())
  })
})
