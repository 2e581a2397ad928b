import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, it } from 'vitest'
import { checkout, program, PROJECT_ROOT } from '@esa/cli/testing'

const PAGES = globSync(['*.md', 'docs/**/*.md'], { cwd: PROJECT_ROOT }).toSorted()

/** Calls on a line of their own, with settings before them or not, and those between backticks. */
const CALL = /(?:^[ $]*|`)(?:[A-Z_]+=\S+ )*(?:\.\/bin\/)?esa ((?:[^`#\n\\|>])+)/gm

const root = program(0, true, checkout)

const isGroup = ({ commands, registeredArguments }: Command): boolean =>
  commands.length > 0 && registeredArguments.length === 0

/** What is wrong with a documented call; null for one that the parser could take as far as its words go. */
function wrongWith(call: string): string | null {
  // Brackets of a synopsis are not words of a call.
  const words = call
    .replace(/\[options\]|[[\]]|\.\.\./g, ' ')
    .trim()
    .split(/\s+/)
  let command: Command = root
  const options = new Set(root.options.flatMap(({ long, short }) => [long, short]))
  let inGroup = true
  for (const word of words) {
    const child = inGroup ? command.commands.find((one) => one.name() === word) : undefined
    if (child !== undefined) {
      command = child
      for (const { long, short } of child.options) options.add(long).add(short)
    } else if (word.startsWith('--') && word.length > 2) {
      const name = word.split(/[=,.;:)]/)[0]!
      if (name !== '--help' && name !== '--version' && !options.has(name)) return `${call}: no option ${name}`
    } else if (inGroup && isGroup(command) && /^[a-z]+$/.test(word)) return `${call}: no command ${word}`
    else inGroup = inGroup && word.startsWith('-')
  }
  return null
}

it.each(PAGES)('%s calls existing commands and options', (page) => {
  const text = readFileSync(join(PROJECT_ROOT, page), 'utf8')
  const calls = [...text.matchAll(CALL)].map(([, call]) => call!.trim())
  expect(calls.map(wrongWith).filter((fault) => fault !== null)).toEqual([])
})

it('tells a call that is not there', () => {
  expect(
    ['agents nwe', 'agnets ls', 'agents ls --jsn', 'db migrate lint x.sql --formt text'].map(wrongWith),
  ).toEqual([
    expect.stringContaining('no command nwe'),
    expect.stringContaining('no command agnets'),
    expect.stringContaining('no option --jsn'),
    expect.stringContaining('no option --formt'),
  ])
})
