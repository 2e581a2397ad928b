import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seriousFaults } from './accessibility.ts'
import { HAS_CHROMIUM } from './browser.ts'
import { type ConsoleWorld, consoleWorld } from './console-world.ts'

describe.skipIf(!HAS_CHROMIUM)('the console', () => {
  let world: ConsoleWorld
  beforeAll(async () => {
    world = await consoleWorld()
  })
  afterAll(() => world?.close())

  it('opens on Now, leads to every page by its list, and nothing shuts anybody out', async () => {
    const page = await world.browser.open(world.url)
    await page.getByText('Nothing is waiting for anybody.').waitFor()
    expect(await seriousFaults(page)).toEqual([])
    await page.getByRole('link', { name: 'Incidents' }).click()
    await page.getByRole('heading', { name: 'Incidents' }).waitFor()
    expect(world.browser.faults).toEqual([])
  })
})
