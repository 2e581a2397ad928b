import { ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultsDayAndNight } from './accessibility.ts'
import { HAS_CHROMIUM } from './browser.ts'
import { type ConsoleWorld, consoleWorld } from './console-world.ts'

describe.skipIf(!HAS_CHROMIUM)('what is broken looks broken', () => {
  let world: ConsoleWorld
  let page: Page
  let id: string

  beforeAll(async () => {
    world = await consoleWorld()
    for (const agent of ['layer-2', 'layer-3']) await world.esa.json('agents', 'seat', agent, '--human')
    const opening = ['--agent', 'layer-1', '--category', 'integration', '--title', 'Orders lose rows']
    ;({ id } = await world.esa.json<{ id: string }>('incidents', 'open', ...opening))
    const until = ['--until', '2h', '--reason', 'a drill']
    await world.esa.json('silence', 'add', '--agent', 'layer-5', ...until)
    await world.esa.json(
      'tokens',
      'create',
      '--as',
      'layer-2',
      '--scope',
      'incidents:ack',
      '--person',
      'pager',
    )
    await world.esa.json('targets', 'add', 'shop', (await ensureEmbeddedServer(world.esa)).url)
    page = await world.browser.open(`${world.url}/incidents/${id}`)
    await page.getByRole('timer').waitFor()
  })
  afterAll(() => world?.close())

  const banner = () => page.getByRole('status', { name: 'What is broken' })
  const acknowledge = () => page.getByRole('button', { name: 'Acknowledge' })
  const isStale = async (): Promise<string | null> => await page.getByRole('timer').getAttribute('data-stale')

  it('a database that died is said, countdowns are grey with their age, and nothing can be done', async () => {
    expect(await isStale()).toBe('false')
    await stopEmbeddedServer({ home: world.esa.home, mode: 'immediate' })
    await banner().getByText('The database does not answer.').waitFor()
    await page
      .getByText(/\(as of 0:\d\d ago\)/)
      .first()
      .waitFor()
    expect(await isStale()).toBe('true')
    expect([await acknowledge().isDisabled(), await acknowledge().getAttribute('title')]).toEqual([
      true,
      'Not now: the database does not answer.',
    ])
    await page.keyboard.press('a')
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect(await faultsDayAndNight(page)).toEqual([])
  })

  it('and is well again by itself when it is back', async () => {
    await page.evaluate('globalThis.sameDocument = true')
    await ensureEmbeddedServer(world.esa)
    await banner().getByText('does not answer').waitFor({ state: 'hidden', timeout: 60_000 })
    await expect.poll(() => acknowledge().isEnabled()).toBe(true)
    expect([await isStale(), await page.evaluate('globalThis.sameDocument')]).toEqual(['false', true])
  })

  it('a lost stream is said, while what can be done stays possible', async () => {
    await page.route('**/api/v1/stream*', (route) => route.abort())
    await page.evaluate(`dispatchEvent(new Event('offline')); dispatchEvent(new Event('online'))`)
    await banner().getByText('Live updates are lost.').waitFor()
    expect([await isStale(), await acknowledge().isEnabled()]).toEqual(['true', true])
    await page.unroute('**/api/v1/stream*')
    await banner().getByText('Live updates').waitFor({ state: 'hidden' })
  })

  it('a part that cannot be loaded is an error with a way to try again, and never a reload into nothing', async () => {
    const fresh = await world.browser.open('about:blank')
    await fresh.route(/\/assets\/timers-/, (route) => route.fulfill({ status: 404, body: '' }))
    await fresh.goto(`${world.url}/incidents`)
    await fresh.evaluate('globalThis.sameDocument = true')
    await fresh.getByRole('link', { name: 'Timers' }).click()
    await fresh.getByText('A part of the console could not be loaded.').waitFor()
    await fresh.unroute(/\/assets\/timers-/)
    await fresh.getByRole('button', { name: 'Try again' }).click()
    await fresh.getByRole('heading', { name: 'Timers' }).waitFor()
    expect(await fresh.evaluate('globalThis.sameDocument')).toBe(true)
  })

  it('all pages are there once the first one is at rest: a server that was killed takes none along', async () => {
    const fetched: string[] = []
    const fresh = await world.browser.open('about:blank')
    fresh.on('response', (response) => fetched.push(response.url()))
    await fresh.goto(world.url)
    for (const part of ['settings', 'simulate', 'timers', 'inbox'])
      await expect
        .poll(() => fetched.some((url) => url.includes(`/assets/${part}-`)), { timeout: 30_000 })
        .toBe(true)
    await fresh.getByRole('link', { name: 'shop' }).waitFor()
    const settings = await world.browser.open(`${world.url}/settings`)
    const acts = [
      'End the silence of layer-5',
      'Silence an agent…',
      'Revoke the token of pager',
      'Make a token…',
    ]
    const named = (name: string) => settings.getByRole('button', { name })
    await Promise.all(acts.map((name) => named(name).waitFor()))
    expect(await Promise.all(acts.map((name) => named(name).isEnabled()))).toEqual(acts.map(() => true))
    world.up.kill('SIGKILL')
    const broken = fresh.getByRole('status', { name: 'What is broken' })
    await broken.getByText('The server does not answer.').waitFor()
    await settings.getByText('The server does not answer.').waitFor()
    expect(await Promise.all(acts.map((name) => named(name).getAttribute('title')))).toEqual(
      acts.map(() => 'Not now: the server does not answer.'),
    )
    expect(await Promise.all(acts.map((name) => named(name).isDisabled()))).toEqual(acts.map(() => true))
    expect(await faultsDayAndNight(settings)).toEqual([])
    // Neither a page whose part is here nor a database's name leads to the browser's own error page.
    await fresh.getByRole('link', { name: 'shop' }).click()
    await fresh.getByRole('heading', { name: 'shop', level: 1 }).waitFor()
    await fresh.getByRole('link', { name: 'Settings' }).click()
    await fresh.getByRole('heading', { name: 'Settings', level: 1 }).waitFor()
  })
})
