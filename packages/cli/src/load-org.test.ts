import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadOrg, misfits, readCards, requireOrg } from './load-org.ts'
import { AGENTS_FOLDER } from './project-root.ts'

const CARD = '# Layer Agent #62: Test Bench\n\n**Reports to:** Chief #1 (Foundation)\n'
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'esa-cards-'))
})

afterEach(() => rm(folder, { recursive: true }))

describe('reading cards', () => {
  it('reads a relative path under its root and an absolute one as it is, and reports both as given', async () => {
    const absolute = join(folder, 'b.txt')
    await writeFile(join(folder, 'a.md'), CARD)
    await writeFile(absolute, CARD.replace('#62', '#63'))
    const { cards } = await readCards(['a.md', absolute], folder)
    expect(cards.map(({ id, file }) => [id, file])).toEqual([
      ['layer-62', 'a.md'],
      ['layer-63', absolute],
    ])
  })

  it('goes on past a card that cannot be read, and says what is wrong with it', async () => {
    await writeFile(join(folder, 'a.md'), '# No agent in particular\n')
    await writeFile(join(folder, 'b.md'), CARD)
    await writeFile(join(folder, 'c.md'), new Uint8Array([0x23, 0x20, 0xff]))
    const { cards, problems } = await readCards(['a.md', 'b.md', 'c.md'], folder)
    expect(cards.map(({ id }) => id)).toEqual(['layer-62'])
    const errors = problems.filter(({ severity }) => severity === 'error')
    expect(errors.map(({ file, code }) => [file, code])).toEqual([
      ['a.md', 'card.no-agent'],
      ['c.md', 'card.not-utf8'],
    ])
  })

  it('refuses a path that is not there', async () => {
    await expect(readCards(['gone.md'], folder)).rejects.toMatchObject({ code: 'file.unreadable' })
  })
})

describe('this checkout', () => {
  it('has an organization whose cards can all be read', async () => {
    const { directory, problems } = await loadOrg()
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
    expect(directory.get('layer-1')?.card?.file).toBe('agents/layers/layer-1/card.md')
    expect((await requireOrg()).all().length).toBeGreaterThanOrEqual(105)
  })
})

describe('another root', () => {
  it('is read the same way, and a card behind a link is refused', async () => {
    await mkdir(join(folder, 'agents/layers/layer-62'), { recursive: true })
    await mkdir(join(folder, 'agents/layers/layer-63'), { recursive: true })
    await mkdir(join(folder, 'elsewhere'))
    await writeFile(join(folder, 'agents/layers/layer-62/card.md'), CARD)
    await writeFile(join(folder, 'elsewhere/card.md'), CARD.replace('#62', '#63'))
    await symlink(join(folder, 'elsewhere/card.md'), join(folder, 'agents/layers/layer-63/card.md'))
    await symlink(join(folder, 'elsewhere'), join(folder, 'agents/layers/layer-64'))
    const { directory, problems } = await loadOrg([join(folder, 'agents')])
    expect(directory.cards().map(({ id }) => id)).toEqual(['layer-62'])
    const errors = problems.filter(({ severity }) => severity === 'error')
    // A linked folder is not entered at all.
    expect(errors.map(({ file, code }) => [file, code])).toEqual([
      [join(folder, 'agents/layers/layer-63/card.md'), 'card.symlink'],
    ])
  })
})

describe('cards of one’s own', () => {
  it('join the organization, and stand in for its card of the same agent', async () => {
    await mkdir(join(folder, 'layers/layer-62'), { recursive: true })
    await mkdir(join(folder, 'layers/layer-1'), { recursive: true })
    await writeFile(join(folder, 'layers/layer-62/card.md'), CARD)
    await writeFile(join(folder, 'layers/layer-1/card.md'), CARD.replace('#62', '#1'))
    const { directory } = await loadOrg([AGENTS_FOLDER, folder])
    expect(directory.all()).toHaveLength(106)
    expect(directory.get('layer-1')?.name).toBe('Test Bench')
    expect(misfits(directory, null).map(({ code }) => code)).toContain('org.not-on-chart')
    expect(misfits(directory, folder).map(({ code }) => code)).not.toContain('org.not-on-chart')
  })
})
