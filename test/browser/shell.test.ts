import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seriousFaults } from './accessibility.ts'
import { HAS_CHROMIUM, type Look } from './browser.ts'
import { type ConsoleWorld, consoleWorld } from './console-world.ts'

const EVIDENCE = {
  metric: { key: 'query-response-time', value: 412.7, unit: 'ms', threshold: 50 },
  planBefore: 'Seq Scan on orders\n  Filter: (customer_id = 4711)',
  planAfter: 'Index Scan using orders_customer_idx on orders',
  note: '<script>alert(1)</script>',
}

/** Turns what follows it around, and is never ended: in what a page says itself it would turn that around as well. */
const OVERRIDE = '\u202E'

/** Texts with the override in them that no `<bdi>` keeps apart, and whether any is shown at all. */
const OUTSIDE = `(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const found = []
  while (walker.nextNode() !== null)
    if (walker.currentNode.data.includes('${OVERRIDE}')) found.push(walker.currentNode.parentElement)
  return { shown: found.length > 0, outside: found.filter((at) => at.closest('bdi, title, option') === null).map((at) => at.outerHTML) }
})()`

/** Whether what a page says after a foreign text runs from left to right still: its first letter is left of its last. */
const RUNS_ON = `(() => {
  const node = [...document.querySelectorAll('dialog p')].flatMap((p) => [...p.childNodes])
    .find((one) => one.nodeType === 3 && one.data.includes('· '))
  const all = node.parentElement.lastChild
  const at = (index) => {
    const range = document.createRange()
    range.setStart(all, index)
    range.setEnd(all, index + 1)
    return range.getBoundingClientRect().left
  }
  return at(0) < at(all.data.length - 1)
})()`

/** Who has to see it, and whether its colors and names are checked as well: they do not depend on the width. */
const LOOKS: [string, Look, boolean][] = [
  ['by day', { colorScheme: 'light' }, true],
  ['by night', { colorScheme: 'dark' }, true],
  ['on a phone', { width: 390, height: 844 }, false],
  ['at 200 % of 1280 px', { width: 640, height: 450 }, false],
]

/** All script that a first page loads, bytes after gzip: a second on a slow line. */
const FIRST_PAGE_MAX = 200_000

/** How far the page scrolls sideways, px. */
const BEYOND_THE_EDGE = 'document.documentElement.scrollWidth - innerWidth'

/** What is pressed and lower than a finger's 44 px. */
const SMALL_TARGETS = `[...document.querySelectorAll('main button, header a, header button')]
  .map((element) => ({ name: element.textContent, height: element.getBoundingClientRect().height }))
  .filter(({ height }) => height > 0 && height < 43.5)`

describe.skipIf(!HAS_CHROMIUM)('the pages', () => {
  let world: ConsoleWorld
  let id: string

  beforeAll(async () => {
    world = await consoleWorld()
  })
  afterAll(() => world?.close())

  it('say so when there is nothing, and show what opens while they are open', async () => {
    const page = await world.browser.open(world.url)
    await page.getByText('Nothing is waiting for anybody.').waitFor()
    const file = join(world.esa.folder, 'evidence.json')
    await writeFile(file, JSON.stringify(EVIDENCE))
    const opening = ['--agent', 'layer-1', '--category', 'integration', '--title', 'Orders <b>lose</b> rows']
    ;({ id } = await world.esa.json<{ id: string }>('incidents', 'open', ...opening, '--evidence', file))
    await page.getByRole('link', { name: /Orders <b>lose<\/b> rows.*then Chief #1/ }).waitFor()
    await page.getByRole('link', { name: 'Incidents', exact: true }).click()
    await page.getByRole('link', { name: /Orders <b>lose<\/b> rows/ }).waitFor()
  })

  it.each(LOOKS)('shut no one out %s, and fit their width', async (_, look, all) => {
    const page = await world.browser.open(world.url, look)
    const check = async (): Promise<void> => {
      expect(all ? await seriousFaults(page) : []).toEqual([])
      expect(await page.evaluate(BEYOND_THE_EDGE)).toBeLessThanOrEqual(0)
    }
    await page.getByRole('link', { name: /Orders/ }).waitFor()
    await check()
    await page.goto(`${world.url}/incidents`)
    await page.getByRole('link', { name: /Orders/ }).waitFor()
    await check()
    await page.goto(`${world.url}/incidents/${id}`)
    await page.getByRole('timer').waitFor()
    await check()
    for (const [tab, sign] of [
      ['Evidence', 'Seq Scan'],
      ['Events', 'Layer 2 and Layer 3 notified'],
      ['Replay', 'Replay: reads only, sends nothing.'],
    ] as const) {
      await page.getByRole('tab', { name: tab }).click()
      await page.getByText(sign).first().waitFor()
      await check()
    }
    await page.getByRole('button', { name: 'Acknowledge' }).click()
    await page.getByRole('dialog').waitFor()
    await check()
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await check()
    expect(world.browser.faults).toEqual([])
  })

  it.each(['/', '/incidents/'])('are light: %s loads little script', async (path) => {
    const page = await world.browser.open('about:blank')
    const scripts: Promise<Buffer>[] = []
    page.on('response', (response) => {
      if (response.request().resourceType() === 'script') scripts.push(response.body())
    })
    await page.goto(`${world.url}${path === '/' ? path : path + id}`, { waitUntil: 'networkidle' })
    const sizes = (await Promise.all(scripts)).map((script) => gzipSync(script).length)
    expect(sizes.length).toBeGreaterThan(1)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(FIRST_PAGE_MAX)
  })

  it('are hit by a finger on a phone', async () => {
    const page = await world.browser.open(`${world.url}/incidents/${id}`, { width: 390, height: 844 })
    await page.getByRole('timer').waitFor()
    const small = await page.evaluate<{ name: string; height: number }[]>(SMALL_TARGETS)
    // The mark at the top is a link beside the list of pages that leads to the same.
    expect(small.filter(({ name }) => name !== 'ESA')).toEqual([])
  })

  it('walk a list by j, k and Enter, and keep the filter in the address', async () => {
    const other = ['--agent', 'layer-2', '--category', 'performance', '--title', 'Search is slow']
    await world.esa.json('incidents', 'open', ...other)
    const page = await world.browser.open(`${world.url}/incidents`)
    await page.getByText('2 shown').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Orders <b>lose</b> rows' }).waitFor()
    await page.goBack()
    await page.keyboard.press('/')
    await page.keyboard.type('slow')
    await page.getByText('1 shown').waitFor()
    expect(new URL(page.url()).searchParams.get('text')).toBe('slow')
    await page.getByLabel('Tier').selectOption('chief')
    await page.getByText('No incident fits.').waitFor()
  })

  it('replay by arrows once the tab was clicked, and leave the arrows to keyboard users of the tabs', async () => {
    const page = await world.browser.open(`${world.url}/incidents/${id}`)
    await page.getByRole('tab', { name: 'Replay' }).click()
    await page.getByTestId('replayed').getByText('#1 ').waitFor()
    await page.keyboard.press('ArrowRight')
    await page.getByTestId('replayed').getByText('#2 ').waitFor()
    await page.keyboard.press('Home')
    await page.getByTestId('replayed').getByText('#1 ').waitFor()
    await page.getByRole('tab', { name: 'Replay' }).focus()
    await page.keyboard.press('ArrowLeft')
    expect(await page.getByRole('tab', { name: 'Events' }).getAttribute('aria-selected')).toBe('true')
  })

  it('say in their header and in the settings that one operator approves alone', async () => {
    await world.esa.json('login', '--single-operator')
    const page = await world.browser.open(`${world.url}/settings`)
    await page.getByRole('banner').getByText('one operator').waitFor()
    await page.getByText(/^one operator: .* approves alone what may lose data$/).waitFor()
    expect(await seriousFaults(page)).toEqual([])
    await world.esa.json('login', '--no-single-operator')
    await page.reload()
    await page.getByText('what may lose data takes two persons').waitFor()
    expect(await page.getByText('one operator').count()).toBe(0)
  })

  it('keep foreign text apart, whatever direction it asks for', async () => {
    const [file, title] = [join(world.esa.folder, 'turned.json'), `Search ${OVERRIDE}is slow`]
    await writeFile(file, JSON.stringify({ [`k${OVERRIDE}ey`]: `v${OVERRIDE}alue`, plan: `p${OVERRIDE}lan` }))
    const opening = ['--agent', 'layer-2', '--category', 'performance', '--title', title, '--evidence', file]
    const turned = await world.esa.json<{ id: string }>('incidents', 'open', ...opening)
    await world.esa.json('incidents', 'note', turned.id, '--text', `n${OVERRIDE}ote`)
    const page = await world.browser.open(world.url)
    const check = async (): Promise<void> => {
      await expect
        .poll(() => page.evaluate(OUTSIDE), { timeout: 30_000 })
        .toEqual({ shown: true, outside: [] })
    }
    for (const path of ['/', '/incidents', '/timers', '/org', '/inbox', `/incidents/${turned.id}`]) {
      await page.goto(`${world.url}${path}`)
      await check()
    }
    await page.getByText(`n${OVERRIDE}ote`).waitFor()
    await check()
    await page.getByRole('tab', { name: 'Evidence' }).click()
    await page.getByText(`v${OVERRIDE}alue`).waitFor()
    await check()
    await page.getByRole('tab', { name: 'Events' }).click()
    await page.getByRole('button', { name: /Opened: Search/ }).click()
    await page.getByRole('dialog').waitFor()
    await check()
    expect(await page.evaluate(RUNS_ON)).toBe(true)
  })

  it('say that they are offline, and are true again by themselves', async () => {
    const page = await world.browser.open(`${world.url}/incidents/${id}`)
    await page.getByRole('timer').waitFor()
    await page.context().setOffline(true)
    await page.getByText('What you see may be old.').waitFor()
    await world.esa.run(['incidents', 'ack', id, '--as', 'layer-2'])
    await page.context().setOffline(false)
    await page.getByText('What you see may be old.').waitFor({ state: 'hidden' })
    await page
      .getByRole('timer')
      .getByText(/once more/)
      .waitFor()
    await page
      .getByText(/Layer 2 has it/)
      .first()
      .waitFor()
  })
})
