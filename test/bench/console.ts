import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { ensureEmbeddedServer } from '@esa/pg-server'
import { openPostgresStore } from '@esa/store'
import type { Page } from 'playwright-core'
import { TestBrowser } from '../browser/browser.ts'
import { EsaHome } from '../e2e/run-esa.ts'
import type { BenchServers } from './bench-servers.ts'
import { esaUp } from './esa-up.ts'
import { type Figure, percentile } from './figures.ts'
import { openAgain, openMany } from './open-many.ts'

const INCIDENTS = 10_000
const EVENTS = 5_000

/** What the opening left to do is done by then, ms. */
const SETTLE_MS = 60_000

/** Loads of the first page, each in a browser profile of its own. */
const LOADS = 5

/** From a key or a click to the next frame that shows it, ms. Source: web.dev, "Interaction to Next Paint": half of what counts as good. */
const INTERACTION_AIM_MS = 100

/** One thing that a person did: how long until it was seen, and how much of that went by before and in the handlers. */
interface Interaction {
  ms: number
  what: string
  waitedMs: number
  handledMs: number
}

/** Keeps every interaction's duration and the largest paint, as the browser measures them. */
const MEASURE = `globalThis.interactions = []
globalThis.largestPaint = 0
new PerformanceObserver((list) => {
  for (const { interactionId, duration, name, target, startTime, processingStart, processingEnd } of list.getEntries())
    if (interactionId > 0)
      interactions.push({
        ms: duration,
        what: name + ' on ' + (target?.getAttribute?.('aria-label') ?? target?.textContent ?? '').slice(0, 30),
        waitedMs: Math.round(processingStart - startTime),
        handledMs: Math.round(processingEnd - processingStart),
      })
}).observe({ type: 'event', durationThreshold: 16, buffered: true })
new PerformanceObserver((list) => {
  largestPaint = list.getEntries().at(-1).startTime
}).observe({ type: 'largest-contentful-paint', buffered: true })`

/** How long the console takes for what people do, in a real Chromium, with 10,000 incidents and one of 5,000 events. */
export async function benchConsole({ note }: Pick<BenchServers, 'note'>): Promise<Figure[]> {
  const home = await EsaHome.create()
  const browser = await TestBrowser.launch()
  try {
    const up = await esaUp(home, null)
    const light = await firstPage(browser, up.url)
    const { url } = await ensureEmbeddedServer(home)
    const store = await openPostgresStore({ url, max: 8, applicationName: 'bench' })
    await openMany(store, INCIDENTS, note)
    const long = await openAgain(store, EVENTS)
    await store.close()
    await pause(SETTLE_MS)
    const list = await walkList(browser, up.url)
    const log = await walkLog(browser, `${up.url}/incidents/${long}`)
    await up.stop()
    return [
      ...light,
      slowest('interactions with 10,000 incidents, slowest', list),
      slowest('interactions with 5,000 events, slowest', log),
    ]
  } finally {
    await browser.close()
    await home.remove()
  }
}

async function firstPage(browser: TestBrowser, url: string): Promise<Figure[]> {
  const paints: number[] = []
  let bytes = 0
  for (let load = 0; load < LOADS; load += 1) {
    const page = await browser.open('about:blank')
    const scripts: Promise<Buffer>[] = []
    page.on('response', (response) => {
      if (response.request().resourceType() === 'script') scripts.push(response.body())
    })
    await page.addInitScript(MEASURE)
    await page.goto(url, { waitUntil: 'networkidle' })
    paints.push(await page.evaluate<number>('largestPaint'))
    bytes = (await Promise.all(scripts)).reduce((sum, script) => sum + gzipSync(script).length, 0)
    await page.context().close()
  }
  const worst = Math.round(Math.max(...paints))
  return [
    {
      what: 'largest contentful paint of the first page on loopback, worst of 5',
      value: worst,
      unit: 'ms',
      aim: { op: '<=', value: 1_000 },
      spread: `median ${Math.round(percentile(paints, 0.5))} ms`,
    },
    {
      what: 'script of the first page after gzip',
      value: Math.round(bytes / 1_000),
      unit: 'kB',
      aim: { op: '<=', value: 200 },
    },
  ]
}

async function walkList(browser: TestBrowser, url: string): Promise<Interaction[]> {
  const page = await measured(browser, `${url}/incidents`)
  await page.getByText('500+ shown').waitFor()
  await press(page, 'j', 40)
  await page.getByRole('region', { name: 'Incidents' }).hover()
  // On to the end: each page is fetched when it comes near.
  while (!(await page.getByText(/^10,\d{3} shown$/).isVisible())) {
    await page.mouse.wheel(0, 20_000)
    await page.waitForTimeout(50)
  }
  await press(page, 'j', 40)
  await page.keyboard.press('/')
  await page.keyboard.type('bench 77', { delay: 60 })
  await page.getByText(/^\d{1,3} shown$/).waitFor()
  return await durations(page)
}

async function walkLog(browser: TestBrowser, url: string): Promise<Interaction[]> {
  const page = await measured(browser, url)
  await page.getByRole('timer').waitFor()
  await page.getByRole('tab', { name: 'Events' }).click()
  await page.getByText(/^5,?\d{3} events$/).waitFor()
  await page.getByRole('region', { name: 'Events' }).hover()
  for (let turn = 0; turn < 40; turn += 1) await page.mouse.wheel(0, 6_000)
  await page
    .getByRole('button', { name: /Opened again/ })
    .first()
    .click()
  await page.keyboard.press('Escape')
  await page.keyboard.press('/')
  await page.keyboard.type('again (49', { delay: 60 })
  await page.getByText(/ of 5,?\d{3} events$/).waitFor()
  await page.getByRole('tab', { name: 'Replay' }).click()
  await page.getByRole('slider').waitFor()
  await press(page, 'ArrowRight', 40)
  await press(page, 'End', 1)
  await press(page, 'ArrowLeft', 20)
  return await durations(page)
}

async function measured(browser: TestBrowser, url: string): Promise<Page> {
  const page = await browser.open('about:blank')
  await page.addInitScript(MEASURE)
  await page.goto(url)
  return page
}

async function press(page: Page, key: string, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    await page.keyboard.press(key)
    await page.waitForTimeout(30)
  }
}

/** Every interaction that took a frame or longer; shorter ones the browser does not tell. */
async function durations(page: Page): Promise<Interaction[]> {
  await page.waitForTimeout(500)
  return await page.evaluate<Interaction[]>('interactions')
}

function slowest(what: string, samples: Interaction[]): Figure {
  const [worst] = samples.toSorted((a, b) => b.ms - a.ms)
  const p50 = percentile(
    samples.map(({ ms }) => ms),
    0.5,
  )
  const which =
    worst === undefined ? '' : `; ${worst.what}: waited ${worst.waitedMs} ms, handled ${worst.handledMs} ms`
  return {
    what,
    value: worst?.ms ?? 0,
    unit: 'ms',
    aim: { op: '<=', value: INTERACTION_AIM_MS },
    spread: `${samples.length} of a frame or more, p50 ${p50} ms${which}`,
  }
}
