import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { OTHER_LINTERS } from './rules/other-linters.ts'
import { RULES } from './rules/registry.ts'
import { rulesDocument } from './rules-document.ts'

describe('the rules of the lint', () => {
  it('are those of docs/rules.md', async () => {
    const file = new URL('../../../../../docs/rules.md', import.meta.url)
    // When this fails: esa db migrate rules > docs/rules.md
    expect(rulesDocument()).toBe(await readFile(file, 'utf8'))
  })

  it('have names of their own, in words and dashes, a danger and a safe way', () => {
    const ids = RULES.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => !/^[a-z]+(?:-[a-z]+)*$/.test(id))).toEqual([])
    expect(
      RULES.filter(({ danger, safeWay }) => !danger.endsWith('.') || safeWay === '').map(({ id }) => id),
    ).toEqual([])
  })

  it('stand for every rule of other linters, or say why not', () => {
    const ids = new Set(RULES.map(({ id }) => id))
    const others = OTHER_LINTERS.flatMap(({ rules }) => rules)
    expect(others.flatMap(({ ours }) => ours).filter((id) => !ids.has(id))).toEqual([])
    expect(others.filter(({ ours, why }) => ours.length === 0 && why === undefined)).toEqual([])
  })
})
