import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OrgWatch } from './org-watch.ts'
import { AGENTS_FOLDER } from './project-root.ts'

let agents: string
let said: string[]
let org: OrgWatch
const card = (): string => join(agents, 'layers/layer-1/card.md')
const peerWait = (): number | null | undefined =>
  org.directory.get('layer-1')?.card?.escalation.find(({ level }) => level === 'peer')?.waitMs

beforeEach(async () => {
  agents = await mkdtemp(join(tmpdir(), 'esa-agents-'))
  for (const id of ['layer-1', 'layer-2', 'layer-3'])
    await cp(join(AGENTS_FOLDER, 'layers', id, 'card.md'), join(agents, 'layers', id, 'card.md'))
  said = []
  org = await OrgWatch.open([agents], (line) => said.push(line))
})

afterEach(() => rm(agents, { recursive: true }))

async function edit(from: string, to: string): Promise<void> {
  const text = await readFile(card(), 'utf8')
  expect(text).toContain(from)
  await writeFile(card(), text.replace(from, to))
}

describe('the organization of a running worker', () => {
  it('follows an edited card once two looks saw the same', async () => {
    expect(peerWait()).toBe(1_800_000)
    await edit('(30 min wait)', '(45 min wait)')
    await org.look()
    expect(peerWait()).toBe(1_800_000)
    await org.look()
    expect(peerWait()).toBe(2_700_000)
    expect(said).toEqual(['cards reloaded, for new incidents: layer-1'])
  })

  it('refuses a faulty edit with its place, once, and goes on with what was until it is mended', async () => {
    await edit('(30 min wait)', '(1 fortnight wait)')
    for (let n = 0; n < 4; n++) await org.look()
    expect(peerWait()).toBe(1_800_000)
    expect(said).toEqual([expect.stringMatching(/^cards refused[^]*card\.md:\d+:\d+ {2}card\.[^]*→ /)])
    await edit('(1 fortnight wait)', '(30 min wait)')
    for (let n = 0; n < 2; n++) await org.look()
    expect(said.slice(1)).toEqual(['cards are as they were again'])
  })

  it('refuses what does not fit the other cards', async () => {
    await edit('Layer #2', 'Layer #99')
    for (let n = 0; n < 2; n++) await org.look()
    expect(said).toEqual([expect.stringContaining('org.unknown-agent')])
    expect(peerWait()).toBe(1_800_000)
  })

  it('notices cards that come and go, and says nothing of one that is only touched', async () => {
    await writeFile(card(), await readFile(card()))
    for (let n = 0; n < 2; n++) await org.look()
    expect(said).toEqual([])
    await rm(join(agents, 'layers/layer-3'), { recursive: true })
    for (let n = 0; n < 2; n++) await org.look()
    expect(said).toEqual(['cards reloaded, for new incidents: layer-3'])
  })

  it('follows the folder of own agents as well', async () => {
    const own = await mkdtemp(join(tmpdir(), 'esa-own-'))
    org = await OrgWatch.open([agents, own], (line) => said.push(line))
    await mkdir(join(own, 'layers/layer-62'), { recursive: true })
    const text = '# Layer Agent #62: Test Bench\n\n**Reports to:** Chief #1 (Foundation)\n'
    await writeFile(join(own, 'layers/layer-62/card.md'), text)
    for (let n = 0; n < 2; n++) await org.look()
    expect(said).toEqual(['cards reloaded, for new incidents: layer-62'])
    expect(org.directory.get('layer-62')?.name).toBe('Test Bench')
    await rm(own, { recursive: true })
  })

  it('does not start on a faulty card', async () => {
    await edit('(30 min wait)', '(1 fortnight wait)')
    await expect(OrgWatch.open([agents], () => {})).rejects.toMatchObject({ code: 'card.unreadable' })
  })
})
