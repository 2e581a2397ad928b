import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COLOUR_RULES, seriousFaults } from './accessibility.ts'
import { HAS_CHROMIUM } from './browser.ts'
import { type ConsoleWorld, consoleWorld } from './console-world.ts'
import { HOSTILE, type Seeded, seedWorld, STATEMENT } from './seed-world.ts'

/** Every page beside the incident's own, and something of the seeded world that it must show. */
const PAGES: [string, string | RegExp][] = [
  ['/', 'Connection pool of the API is at its limit'],
  ['/incidents', 'Two services write the same table'],
  ['/org', '105 agents'],
  ['/org?view=outline', 'Business Logic Manager'],
  ['/agents/layer-1', 'Guard integrity: keys, references and constraints that hold'],
  ['/agents/layer-2?tab=state', 'a person'],
  ['/agents/layer-2?tab=inbox', 'Which fields may the client cache?'],
  ['/agents/layer-2?tab=tasks', 'Which fields may the client cache?'],
  ['/inbox', 'A statement for'],
  ['/timers', 'Chief #1 is notified'],
  ['/db', 'shop'],
  ['/db/shop', 'Schema normalization score > 90%'],
  ['/queues', 'specialists'],
  ['/simulate', 'No simulation has run yet.'],
  ['/settings', 'Planned move to another region'],
]

/** A screen of 1280 at twice the size has this many CSS pixels; a phone has fewer. */
const ZOOMED = 640
const PHONE = 390

/** True when something that was shown has run. */
const owned = (page: Page): Promise<boolean> => page.evaluate(() => 'owned' in globalThis)

const tooWide = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')

describe.skipIf(!HAS_CHROMIUM)('the pages of the console', () => {
  let world: ConsoleWorld
  let seeded: Seeded
  beforeAll(async () => {
    world = await consoleWorld()
    seeded = await seedWorld(world.esa, world.url)
  })
  afterAll(() => world?.close())

  describe('shut no one out by day and night, fit a phone and a screen at 200 %, and run no text', () => {
    let page: Page
    beforeAll(async () => {
      page = await world.browser.open(world.url)
    })

    it.each([...PAGES, ['/incidents/', HOSTILE] as const])('%s', async (path, shown) => {
      await page.goto(world.url + (path === '/incidents/' ? path + seeded.hostile.id : path))
      await page.getByText(shown).first().waitFor()
      await page.emulateMedia({ colorScheme: 'light' })
      expect(await seriousFaults(page)).toEqual([])
      await page.emulateMedia({ colorScheme: 'dark' })
      expect(await seriousFaults(page, COLOUR_RULES)).toEqual([])
      for (const width of [PHONE, ZOOMED]) {
        await page.setViewportSize({ width, height: 600 })
        expect([width, await tooWide(page)]).toEqual([width, false])
      }
      await page.setViewportSize({ width: 1280, height: 900 })
      expect([await owned(page), world.browser.faults]).toEqual([false, []])
    })
  })

  it('say that a page is not there, and what was refused', async () => {
    const page = await world.browser.open(`${world.url}/agents/layer-99`)
    await page.getByRole('alert').getByText('there is no agent "layer-99"').waitFor()
    await page.goto(`${world.url}/nowhere`)
    await page.getByText('There is no such page.').waitFor()
    // A refused request is what this page is about.
    expect(world.browser.faults.splice(0).join()).toContain('404')
  })

  describe('the organization', () => {
    it('shows all 105 with what is open for each, and the pending requests', async () => {
      const page = await world.browser.open(`${world.url}/org`)
      const lanes = page.getByRole('list', { name: 'Lanes of the chiefs' })
      await lanes.waitFor()
      const entries = page.locator('a[href^="/agents/"]:not(table a)')
      await entries.nth(104).waitFor()
      expect(await entries.count()).toBe(105)
      expect(await lanes.locator('> li').count()).toBe(6)
      const lines = await lanes.locator('a[href="/agents/domain-5"]').locator('..').textContent()
      expect(lines).toContain('stopped')
      const asked = page.getByRole('region', { name: 'Pending requests' })
      await asked.getByRole('row', { name: /layer-3 layer-1 Connection pool/ }).waitFor()
      await asked.getByRole('row', { name: /domain-1 layer-1 p95 of checkout .* holds it/ }).waitFor()
      await page.getByRole('button', { name: 'Outline' }).click()
      expect(await page.getByRole('region', { name: 'Agents, 105' }).getByRole('row').count()).toBe(106)
      await page.keyboard.press('/')
      await page.keyboard.type('guest')
      await page.getByText('No agent fits.').waitFor()
    })

    it('follows what happens, and shows what was', async () => {
      const page = await world.browser.open(`${world.url}/org`)
      const marks = page.locator('a[href="/agents/layer-60"]').locator('..')
      const before = new Date().toISOString()
      await marks.waitFor()
      expect(await marks.textContent()).not.toContain('stopped')
      await fetch(`${world.url}/api/v1/agents/layer-60/stop`, {
        method: 'POST',
        headers: { origin: world.url },
      })
      await marks.getByText('stopped').waitFor()
      await page.goto(`${world.url}/org?at=${before}`)
      await page.getByText('The past:').waitFor()
      expect(await marks.textContent()).not.toContain('stopped')
      await page.getByRole('button', { name: 'Back to now' }).click()
      await marks.getByText('stopped').waitFor()
    })
  })

  it('find any agent, incident or page by Ctrl-K, from the keyboard alone', async () => {
    const page = await world.browser.open(`${world.url}/settings`)
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor()
    const go = async (text: string): Promise<string> => {
      await page.keyboard.press('Control+k')
      const field = page.getByRole('combobox', { name: 'Find an agent, an incident or a page' })
      await field.waitFor()
      await field.fill(text)
      await page.getByRole('dialog').getByRole('option', { selected: true }).waitFor()
      expect(await seriousFaults(page)).toEqual([])
      const address = page.url()
      await page.keyboard.press('Enter')
      await page.waitForURL((url) => url.href !== address)
      return new URL(page.url()).pathname
    }
    expect(await go('caching strat')).toBe('/agents/layer-14')
    expect(await go('conn pool limit')).toBe(`/incidents/${seeded.asked.id}`)
    expect(await go('timrs')).toBe('/timers')
    await page.keyboard.press('g')
    await page.keyboard.press('q')
    await page.waitForURL('**/queues')
    await page.keyboard.press('?')
    await page.getByRole('dialog').getByText('find an agent, an incident or a page').waitFor()
  })

  it('approve a statement only when all of it and its hash have been shown, and with a token', async () => {
    const page = await world.browser.open(`${world.url}/inbox?agent=chief-1`)
    await page.getByRole('button', { name: 'Approve…' }).click()
    const dialog = page.getByRole('dialog')
    const text = STATEMENT.replace(';', '')
    await dialog.getByText(text, { exact: true }).waitFor()
    const hash = await page.evaluate(async (statement) => {
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(statement))
      return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
    }, text)
    await dialog.getByText(hash, { exact: true }).waitFor()
    await dialog.getByText('A vote takes the token of a person').waitFor()
    expect(await seriousFaults(page)).toEqual([])
    const approve = dialog.getByRole('button', { name: `Approve ${hash.slice(0, 12)}` })
    const token = dialog.getByLabel('Your token as chief-1')
    await approve.click()
    expect(await token.evaluate((field) => field.matches(':invalid'))).toBe(true)
    await token.fill('esa_not-a-token')
    await approve.click()
    await dialog.getByRole('alert').waitFor()
    await token.fill(seeded.chiefToken)
    await approve.click()
    await page.getByText('Nothing waits for an answer.').waitFor()
    // The decision goes on to the approval as a message.
    const given = async (): Promise<string[]> => {
      const { approvals } = (await (await fetch(`${world.url}/api/v1/approvals`)).json()) as {
        approvals: { hash: string; given: { as: string; by: string }[] }[]
      }
      return approvals.flatMap((one) =>
        one.given.map(({ as, by }) => `${one.hash} ${as} ${by.split(' ')[0]}`),
      )
    }
    await expect.poll(given).toEqual([`${hash} chief-1 Cem`])
    // The browser tells of the token that was refused; nothing else went wrong.
    expect(world.browser.faults.splice(0).map((fault) => fault.includes('401'))).toEqual([true])
  })

  it('answer a message, whose text stays text', async () => {
    const page = await world.browser.open(`${world.url}/inbox?agent=layer-21`)
    await page.getByRole('button', { name: 'Answer…' }).click()
    await page.getByLabel('Answer', { exact: true }).fill(HOSTILE)
    await page.getByRole('button', { name: 'Send the answer' }).click()
    await page.getByText('Nothing waits for an answer.').waitFor()
    await page.goto(`${world.url}/agents/layer-21?tab=state`)
    await page.getByText('agent.answered').waitFor()
    await page.locator('details', { hasText: 'onerror' }).first().click()
    expect([await page.getByText('onerror').count(), await owned(page)]).toEqual([expect.any(Number), false])
    expect(world.browser.faults).toEqual([])
  })

  it('simulate under a watermark, and leave nothing behind', async () => {
    const incidents = async (): Promise<string> => await (await fetch(`${world.url}/api/v1/incidents`)).text()
    const idsOf = async (): Promise<string[]> => (await incidents()).match(/"id":"[^"]+"/g) ?? []
    const before = await idsOf()
    const page = await world.browser.open(`${world.url}/simulate`)
    await page.getByRole('button', { name: 'Add something' }).click()
    await page.getByRole('button', { name: 'Run the simulation' }).click()
    await page
      .getByRole('status')
      .getByText(/Simulated: /)
      .waitFor()
    expect(await page.title()).toContain('SIMULATION')
    // All that was simulated is inside of the mark.
    const marked = page.locator('[data-simulation]')
    expect(await marked.locator('[data-watermark]').count()).toBe(1)
    for (const table of await page.getByRole('table').all())
      expect(await table.evaluate((element) => element.closest('[data-simulation]') !== null)).toBe(true)
    expect(await seriousFaults(page)).toEqual([])
    await page.getByRole('link', { name: 'Timers' }).click()
    await page.getByRole('heading', { name: 'Timers' }).waitFor()
    expect([await page.title(), await page.locator('[data-simulation]').count()]).toEqual(['ESA', 0])
    expect(await idsOf()).toEqual(before)
  })

  it('show a database with what is broken and what to do, check it, and freeze it', async () => {
    const page = await world.browser.open(`${world.url}/db/shop`)
    const tiles = page.getByRole('list', { name: 'What is promised' }).locator('> li')
    await tiles.nth(4).waitFor()
    expect(await tiles.count()).toBe(5)
    await tiles.filter({ hasText: 'broken' }).getByText('esa db normalize --target shop').waitFor()
    await tiles.nth(4).locator('canvas').waitFor()
    expect(await tiles.locator('canvas').count()).toBe(5)
    await page.getByRole('button', { name: 'Check it now' }).click()
    await page
      .getByRole('region', { name: 'Findings, the worst first' })
      .getByText('old_orders')
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Freeze…' }).click()
    await page.getByLabel('Why').fill('rows are missing')
    await page.getByRole('button', { name: 'Freeze', exact: true }).click()
    await page.getByText('Nothing is applied, whatever was approved: rows are missing').waitFor()
    await page.getByRole('button', { name: 'Unfreeze…' }).click()
    await page.getByRole('button', { name: 'Unfreeze', exact: true }).click()
    await page.getByText('Approved changes may be applied.').waitFor()
    expect(await seriousFaults(page)).toEqual([])
  })

  it('lead to no database where no plugin looks after any', async () => {
    const page = await world.browser.open(`${world.url}/queues`)
    await page.getByRole('link', { name: 'Databases' }).waitFor()
    await page.route('**/api/v1/db/targets', (route) =>
      route.fulfill({ status: 404, json: { code: 'target.not-installed', detail: 'not installed' } }),
    )
    await page.reload()
    await page.getByRole('link', { name: 'Timers' }).waitFor()
    await page.getByRole('link', { name: 'Databases' }).waitFor({ state: 'detached' })
    // The browser itself notes what was refused.
    expect(world.browser.faults.splice(0).every((fault) => fault.includes('404'))).toBe(true)
  })

  it('make a token that is shown once, and revoke it', async () => {
    // To make one takes a person who has signed in, on this machine as well.
    const { link } = await world.esa.json<{ link: string }>('accounts', 'add', 'Eva')
    const page = await world.browser.open(`${world.url}${new URL(link).pathname}`)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL(`${world.url}/`)
    await page.goto(`${world.url}/settings`)
    await page.getByRole('button', { name: 'Make a token…' }).click()
    await page.getByLabel('Service').fill('Dora')
    expect(await seriousFaults(page)).toEqual([])
    await page.getByRole('button', { name: 'Make it' }).click()
    await page.getByRole('dialog').getByText(/^esa_/).waitFor()
    await page.getByRole('button', { name: 'I have it' }).click()
    const row = page.getByRole('row', { name: /Dora/ })
    expect(await row.textContent()).not.toContain('esa_')
    await row.getByRole('button', { name: 'Revoke the token of Dora' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click()
    await row.getByText('revoked').waitFor()
    expect(world.browser.faults).toEqual([])
  })
})
