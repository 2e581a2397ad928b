import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { settings, checkout, program, PROJECT_ROOT, referencePages } from '@esa/cli/testing'

const pages = referencePages(program(0, true, checkout), settings())

describe('docs/reference', () => {
  it.each(pages)('$file is what the code says; if not, run: pnpm docs:reference', ({ file, text }) => {
    expect(readFileSync(join(PROJECT_ROOT, 'docs/reference', file), 'utf8')).toBe(text)
  })

  it('says something of every setting, and has an example of every command', () => {
    for (const { name, about } of settings()) expect([name, about]).not.toEqual([name, ''])
    const [cli] = pages
    const commands = cli!.text.split('\n## ').slice(1)
    expect(commands.length).toBeGreaterThan(60)
    for (const command of commands) expect(command).toMatch(/\nExamples?:\n {2}(?:ESA_\w+=\S+ )?esa /)
  })
})
