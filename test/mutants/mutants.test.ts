import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mutate, planted } from './mutant.ts'
import { MASKED, MUTANTS, TOGETHER } from './mutants.ts'

/** One of each kind that is found within a second: the whole table is `pnpm test:mutants`. */
const QUICK = [
  'over-at-T',
  'a-climb-of-two',
  'a-key-is-held-twice+the-key-is-not-looked-up',
  'data-loss-may-be-quiet+the-ceo-may-be-quiet',
  'the-card-is-not-read',
]

/** What a hunt for a quick one may take, ms. */
const BUDGET_MS = 20_000

function hunt(name: string): { found: { fault: string } | null } {
  const args = [join(import.meta.dirname, 'hunt.ts'), '--name', name, '--budget', String(BUDGET_MS)]
  const out = execFileSync(process.execPath, args, { encoding: 'utf8' })
  return JSON.parse(out) as ReturnType<typeof hunt>
}

describe('the mutants', () => {
  it('each change a text that is there exactly once, and have a name of their own', () => {
    for (const mutant of MUTANTS) {
      const source = readFileSync(join(import.meta.dirname, '../..', mutant.file), 'utf8')
      expect(mutate(source, mutant)).not.toBe(source)
    }
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length)
  })

  it('that are masked are found with their neighbor off', () => {
    const paired = new Set(TOGETHER.flatMap((names) => planted(names, MUTANTS).map(({ name }) => name)))
    expect([...MASKED].filter((name) => !paired.has(name))).toEqual([])
  })

  it('are refused when they have rotted', () => {
    const mutant = { name: 'old', file: 'a.ts', pattern: 'one', replacement: 'two' }
    expect(mutate('is one', mutant)).toBe('is two')
    expect(() => mutate('two', mutant)).toThrow('0 times')
    expect(() => mutate('one one', mutant)).toThrow('2 times')
  })

  it.each(QUICK)(
    '%s is found',
    (name) => {
      expect(hunt(name).found?.fault).toMatch(/^(?:\d+ |paths|guard )/)
    },
    60_000,
  )
})
