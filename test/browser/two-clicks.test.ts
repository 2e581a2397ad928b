import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HAS_CHROMIUM } from './browser.ts'
import { type ConsoleWorld, consoleWorld } from './console-world.ts'

/** From the first key to the commit, ms: nothing of it is spent looking for a button. */
const COMMITTED_WITHIN_MS = 2_000

describe.skipIf(!HAS_CHROMIUM)('what is done by a key and Enter', () => {
  let world: ConsoleWorld
  let page: Page
  let id: string

  beforeAll(async () => {
    world = await consoleWorld()
    for (const agent of ['layer-2', 'layer-3', 'chief-1', 'agent-0'])
      await world.esa.json('agents', 'seat', agent, '--human')
    const opening = ['--agent', 'layer-1', '--category', 'integration', '--title', 'Orders lose rows']
    ;({ id } = await world.esa.json<{ id: string }>('incidents', 'open', ...opening))
    page = await world.browser.open(`${world.url}/incidents/${id}`)
    await page.getByRole('timer').waitFor()
  })
  afterAll(() => world?.close())

  const events = async (): Promise<{ type: string; at: string }[]> =>
    (await world.esa.json<{ events: { type: string; at: string }[] }>('replay', 'show', id)).events
  const focused = async (): Promise<string> =>
    String(await page.evaluate('document.activeElement.textContent || document.activeElement.tagName'))
  const toast = () => page.getByRole('status', { name: 'What was done' })

  /** Presses keys one after the other, and gives how long it took from the first to the commit of an event. */
  const press = async (type: string, ...keys: string[]): Promise<number> => {
    const before = Date.now()
    for (const key of keys) await page.keyboard.press(key)
    await expect
      .poll(async () => (await events()).some((event) => event.type === type), { timeout: 10_000 })
      .toBe(true)
    return Date.parse((await events()).find((event) => event.type === type)!.at) - before
  }

  it('a, Enter acknowledges, and a toast says until when', async () => {
    expect(await press('incident.acknowledged', 'a', 'Enter')).toBeLessThan(COMMITTED_WITHIN_MS)
    await toast()
      .getByText(/^Acknowledged for 2 h\. Escalation paused until [^.]*\d\d:\d\d\.$/)
      .waitFor()
    // No command takes an acknowledgement back.
    expect(await toast().getByRole('button', { name: 'Undo' }).count()).toBe(0)
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  it('e, Enter escalates', async () => {
    expect(await press('incident.escalated', 'e', 'Enter')).toBeLessThan(COMMITTED_WITHIN_MS)
    await toast()
      .getByText(/^Escalated to level chief\. Chief #1 was notified\. The next deadline is /)
      .waitFor()
  })

  it('suppress has an Undo, which commits its opposite', async () => {
    await page.getByRole('button', { name: 'More…' }).click()
    await page.getByRole('button', { name: /^Suppress/ }).click()
    expect(await focused()).toBe('Suppress')
    await page.keyboard.press('Enter')
    await toast().getByRole('button', { name: 'Undo' }).click()
    await toast()
      .getByText(/^No longer suppressed\./)
      .waitFor()
    expect((await events()).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['incident.suppressed', 'incident.unsuppressed']),
    )
  })

  it('a key that is held does not run through a dialog', async () => {
    const before = (await events()).length
    await page.getByRole('button', { name: 'Escalate' }).focus()
    await page.keyboard.down('Enter')
    await page.getByRole('dialog').waitFor()
    // What a browser sends for a key that stays down.
    await page.keyboard.down('Enter')
    await page.keyboard.down('Enter')
    await page.keyboard.up('Enter')
    expect(await focused()).toBe('Escalate')
    await page.keyboard.press('Escape')
    expect(await events()).toHaveLength(before)
  })

  it('r, the cause, Enter resolves', async () => {
    await page.keyboard.press('r')
    expect(await focused()).toBe('TEXTAREA')
    await page.keyboard.type('The import maps it again')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('and is tested')
    expect(await press('incident.resolved', 'Enter')).toBeLessThan(COMMITTED_WITHIN_MS)
    await toast().getByText('Resolved. All timers stopped.').waitFor()
    expect(world.browser.faults).toEqual([])
  })

  it('a silence has an Undo, which ends it', async () => {
    await page.goto(`${world.url}/settings`)
    await page.getByRole('button', { name: 'Silence an agent…' }).click()
    await page.keyboard.type('A planned move')
    await page.keyboard.press('Enter')
    await toast()
      .getByText(/^Silenced layer-1 until /)
      .waitFor()
    await toast().getByRole('button', { name: 'Undo' }).click()
    await toast().getByText('The silence of layer-1 ended.').waitFor()
    expect((await world.esa.json<{ silences: unknown[] }>('silence', 'ls')).silences).toEqual([])
  })
})
