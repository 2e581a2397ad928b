import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { HAS_CHROMIUM } from './browser.ts'
import { type ConsoleWorld, consoleWorld } from './console-world.ts'

/** The peers' 30 minutes are 69 s: a page is open before the last minute begins, and does not wait long for it. */
const SCALE = '26'

describe.skipIf(!HAS_CHROMIUM)('a page that is watched', () => {
  let world: ConsoleWorld
  let page: Page
  let id: string

  beforeAll(async () => {
    world = await consoleWorld({ ESA_TIME_SCALE: SCALE })
    for (const agent of ['layer-2', 'layer-3', 'chief-1'])
      await world.esa.json('agents', 'seat', agent, '--human')
    id = await opened('Orders lose their customer')
    page = await world.browser.open(`${world.url}/incidents/${id}`)
    await page.getByRole('timer').waitFor()
  })
  afterAll(() => world?.close())

  const opened = async (title: string): Promise<string> => {
    const opening = [
      '--agent',
      'layer-1',
      '--category',
      'integration',
      '--title',
      title,
      '--time-scale',
      SCALE,
    ]
    return (await world.esa.json<{ id: string }>('incidents', 'open', ...opening)).id
  }

  it('says one minute before the next tier, and when the tier changes, and is silent in between', async () => {
    const said = page.locator('[aria-live=polite]').filter({ hasText: / in / })
    await said.getByText('Chief #1 in one minute').waitFor({ state: 'attached' })
    await world.esa.json('incidents', 'escalate', id, '--as', 'operator')
    await said.getByText('The CEO in 2 minutes').waitFor({ state: 'attached' })
  })

  it('outlives its server: it says that it is old, and is true again when one is back', async () => {
    world.up.kill('SIGKILL')
    await page.getByText('What you see may be old.').waitFor()
    // The database lives on, and so does the ladder.
    await world.esa.json('incidents', 'ack', id, '--as', 'chief-1', '--for', '1h')
    world.esa.start(['up'], { ESA_TIME_SCALE: SCALE, ESA_PORT: new URL(world.url).port })
    await page.getByText('What you see may be old.').waitFor({ state: 'hidden' })
    await page
      .getByText(/Chief #1 has it/)
      .first()
      .waitFor()
  })
})
