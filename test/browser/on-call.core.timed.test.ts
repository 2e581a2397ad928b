import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureEmbeddedServer } from '@esa/pg-server'
import type { Page } from 'playwright-core'
import { personToken } from '../e2e/person-token.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HAS_CHROMIUM } from './browser.ts'
import { type ConsoleWorld, consoleWorld } from './console-world.ts'

/** What is committed is on every open page within this, ms. Source: docs/escalation.md, invariant 5 and the console's promise. */
const SEEN_WITHIN_MS = 1_000

/** What mends it: a change of the schema, which takes an approval of Chief #1's. */
const FIX = 'alter table orders alter column customer_id type bigint'

/** Has a page note when it shows the acknowledgement, by the clock that the database has as well. */
const NOTE_WHEN_SEEN = `new MutationObserver((_, observer) => {
  if (!/acknowledged/.test(document.querySelector('article header')?.textContent ?? '')) return
  document.body.dataset.seenAt = String(Date.now())
  observer.disconnect()
}).observe(document.body, { subtree: true, childList: true, characterData: true })`

describe.skipIf(!HAS_CHROMIUM)('an operator on call', () => {
  let world: ConsoleWorld
  let id: string
  let first: Page
  let second: Page

  beforeAll(async () => {
    world = await consoleWorld()
    const opening = [
      '--agent',
      'layer-1',
      '--category',
      'integration',
      '--title',
      'Orders lose their customer',
    ]
    ;({ id } = await world.esa.json<{ id: string }>('incidents', 'open', ...opening))
  })
  afterAll(() => world?.close())

  it('comes from the list to a page that counts down to the next tier', async () => {
    first = await world.browser.open(`${world.url}/incidents`)
    await first.getByRole('link', { name: /Orders lose their customer/ }).click()
    const timer = first.getByRole('timer')
    await expect.poll(() => timer.textContent()).toMatch(/^Chief #1 in (?:30:00|29:\d\d)$/)
    const before = await timer.textContent()
    await expect.poll(() => timer.textContent(), { timeout: 10_000 }).not.toBe(before)
  })

  it('sees the card line behind each step, past and to come', async () => {
    const steps = first.getByRole('region', { name: 'Steps' })
    await steps
      .getByRole('row', {
        name: /Layer 2 and Layer 3 notified.*agents\/layers\/layer-1\/card\.md:\d+ · peer: Trouble where our work/,
      })
      .waitFor()
    await steps.getByRole('row', { name: /Chief #1 will be notified.*card\.md:\d+/ }).waitFor()
    await steps
      .getByRole('row', { name: /The CEO will be notified/ })
      .first()
      .waitFor()
    await first.getByRole('img', { name: /Notified so far: peer.*Next: Chief #1, then the CEO/ }).waitFor()
  })

  it('reads what an acknowledgement does, gives it, and every open page has it within a second', async () => {
    second = await world.browser.open(`${world.url}/incidents/${id}`)
    await second
      .getByRole('timer')
      .getByText(/Chief #1/)
      .waitFor()
    await second.evaluate(NOTE_WHEN_SEEN)
    await first.keyboard.press('a')
    const dialog = first.getByRole('dialog', { name: 'Acknowledge this incident' })
    await dialog.getByText('1 h', { exact: true }).click()
    await dialog.getByText(/pauses until [^.]*\d\d:\d\d\./).waitFor()
    await dialog.getByText(/Layer 2 and Layer 3 are notified again, with the full 30 min/).waitFor()
    await dialog.getByRole('button', { name: 'Acknowledge', exact: true }).click()
    await dialog.waitFor({ state: 'hidden' })
    await second
      .getByRole('timer')
      .getByText(/Layer 2 and Layer 3 once more/)
      .waitFor()
    expect(await second.getByRole('timer').textContent()).toMatch(/in (?:1:00:00|59:\d\d)$/)
    const { events } = await world.esa.json<{ events: { type: string; at: string }[] }>('replay', 'show', id)
    const committedAt = Date.parse(events.find(({ type }) => type === 'incident.acknowledged')!.at)
    const seenAt = Number(await second.evaluate('document.body.dataset.seenAt'))
    expect(seenAt - committedAt).toBeLessThan(SEEN_WITHIN_MS)
  })

  it('says in the dialog when another answer came first, and nothing is done twice', async () => {
    await first.getByRole('button', { name: 'Escalate' }).click()
    const dialog = first.getByRole('dialog')
    await dialog.getByText(/Chief #1 is notified at once and has 1 h/).waitFor()
    await world.esa.run(['incidents', 'escalate', id, '--as', 'operator'])
    // The dialog follows the log: the next click would climb once more, and says so before it.
    await dialog.getByText(/The CEO is notified at once/).waitFor()
    await dialog.getByRole('button', { name: 'I have read it' }).waitFor()
    expect(await dialog.getByRole('button', { name: 'Escalate' }).count()).toBe(0)
    await first.keyboard.press('Escape')
    await second
      .getByRole('timer')
      .getByText('the CEO')
      .or(second.getByRole('timer').getByText('The CEO'))
      .waitFor()
  })

  it('approves the fix, with the statement and its hash before the eyes', async () => {
    const { url } = await ensureEmbeddedServer(world.esa)
    const file = join(world.esa.folder, 'fix.sql')
    await writeFile(file, `${FIX};\n`)
    await world.esa.json('targets', 'add', 'shop', url)
    await world.esa.json('agents', 'seat', 'chief-1', '--human')
    // Requesters cannot approve: there are two people.
    const cem = await personToken(world.esa, 'Cem', 'chief-1')
    const token = async (as: string, person: string): Promise<string> => {
      const made = ['tokens', 'create', '--as', as, '--person', person, '--scope', 'incidents:write']
      return (await world.esa.json<{ token: string }>(...made)).token
    }
    const asking = [
      'db',
      'approvals',
      'ask',
      '--target',
      'shop',
      '--file',
      file,
      '--because',
      'It loses rows',
    ]
    const { code, stderr } = await world.esa.run(asking, {
      ESA_TOKEN: await token('layer-1', 'a script of Ada'),
    })
    expect([code, stderr]).toEqual([0, expect.any(String)])
    await first.goto(`${world.url}/inbox?agent=chief-1`)
    await first.getByRole('button', { name: 'Approve…' }).click()
    const dialog = first.getByRole('dialog')
    await dialog.getByText(FIX, { exact: true }).waitFor()
    await dialog.getByLabel('Your token as chief-1').fill(cem)
    await dialog.getByRole('button', { name: /^Approve [0-9a-f]{12}$/ }).click()
    await dialog.waitFor({ state: 'hidden' })
    const granted = async (): Promise<string[]> =>
      (
        await world.esa.json<{ approvals: { statement: string; given: { as: string }[] }[] }>(
          'db',
          'approvals',
          'ls',
          '--all',
        )
      ).approvals.flatMap((one) => one.given.map(({ as }) => `${as}: ${one.statement}`))
    await expect.poll(granted, { timeout: 10_000 }).toEqual([`chief-1: ${FIX}`])
    await first.goto(`${world.url}/incidents/${id}`)
    await first.getByRole('timer').waitFor()
  })

  it('writes a note, and every open page has it', async () => {
    await first.getByLabel('Write a note').fill('The import ran twice.\nSee its log.')
    await first.getByRole('button', { name: 'Add the note' }).click()
    for (const page of [first, second]) {
      const notes = page.getByRole('region', { name: 'Notes' })
      await notes.getByText('The import ran twice.').waitFor()
    }
    expect(await first.getByLabel('Write a note').inputValue()).toBe('')
    const { notes } = await world.esa.json<{ notes: unknown[] }>('incidents', 'notes', id)
    expect(notes).toMatchObject([{ as: 'operator', text: 'The import ran twice.\nSee its log.' }])
  })

  it('resolves it with a cause, and all timers are gone everywhere', async () => {
    await second.keyboard.press('r')
    const dialog = second.getByRole('dialog')
    await dialog.getByLabel('Cause').fill('The import maps the column again')
    await dialog.getByRole('button', { name: 'Resolve' }).click()
    for (const page of [first, second]) {
      await page.getByText('Resolved: The import maps the column again').first().waitFor()
      expect(await page.getByRole('timer').count()).toBe(0)
      expect(await page.getByRole('button', { name: 'Acknowledge', exact: true }).isDisabled()).toBe(true)
    }
  })

  it('replays it with scrubber and keys, from a permalink, and nothing is sent', async () => {
    const before = await world.esa.json<{ events: unknown[] }>('replay', 'show', id)
    const sent: string[] = []
    const page = await world.browser.open(`${world.url}/incidents/${id}?seq=2`)
    page.on('request', (request) => {
      if (request.method() !== 'GET') sent.push(request.url())
    })
    await page.getByText('Replay: reads only, sends nothing.').waitFor()
    const shown = page.getByTestId('replayed')
    await shown.getByText('Layer 2 and Layer 3 notified').waitFor()
    await page.getByText('waiting for Layer 2 and Layer 3').first().waitFor({ state: 'attached' })
    await page.keyboard.press('End')
    await shown.getByText(/Resolved/).waitFor()
    expect(new URL(page.url()).searchParams.get('seq')).toBe(String(before.events.length))
    await page.keyboard.press('ArrowLeft')
    await page.getByRole('slider', { name: 'Event' }).fill('0')
    await shown.getByText(/Opened/).waitFor()
    await page.getByLabel('Speed').selectOption('1000')
    await page.getByRole('button', { name: 'Play' }).click()
    await shown.getByText(/Resolved/).waitFor()
    await page.getByLabel('Go to').fill('0:00')
    await page.getByRole('button', { name: 'Go', exact: true }).click()
    await expect.poll(() => shown.textContent()).not.toMatch(/Resolved/)
    expect(sent).toEqual([])
    expect((await world.esa.json<{ events: unknown[] }>('replay', 'show', id)).events).toEqual(before.events)
    expect(world.browser.faults).toEqual([])
  })
})
