import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HAS_CHROMIUM } from './browser.ts'
import { type ConsoleWorld, consoleWorld } from './console-world.ts'

describe.skipIf(!HAS_CHROMIUM)('an agent whose card was just written', () => {
  let own: string
  let world: ConsoleWorld

  beforeAll(async () => {
    own = await mkdtemp(join(tmpdir(), 'esa-own-'))
    world = await consoleWorld({ ESA_OWN_AGENTS: own })
  })
  afterAll(async () => {
    await world?.close()
    await rm(own, { recursive: true })
  })

  it('is in the organization and has its card and its statechart, without a restart', async () => {
    const args = ['agents', 'new', 'layer-62', '--name', 'Coffee Machine', '--metric', 'Cups spilt < 1%']
    expect((await world.esa.run(args, { ESA_OWN_AGENTS: own })).code).toBe(0)
    const known = async (): Promise<number> => (await fetch(`${world.url}/api/v1/agents/layer-62`)).status
    await expect.poll(known, { timeout: 10_000 }).toBe(200)

    const page = await world.browser.open(`${world.url}/org`)
    await page.locator('a[href="/agents/layer-62"]').first().click()
    await page.getByRole('heading', { name: /Coffee Machine/ }).waitFor()
    await page.getByText('Cups spilt < 1%').waitFor()
    await page.goto(`${world.url}/agents/layer-62?tab=state`)
    // It never had a message: it is in no state yet.
    await page.getByRole('list', { name: 'States' }).getByTitle('begins here').first().waitFor()
    expect(world.browser.faults).toEqual([])
  })
})
