import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultsDayAndNight } from './accessibility.ts'
import { HAS_CHROMIUM } from './browser.ts'
import { type ConsoleWorld, consoleWorld } from './console-world.ts'

/** Loses data: it takes two votes. */
const DROP = 'drop table old_orders'

/** Named twice on a page, so that it shows which of the two is meant. */
const CHANGE = 'alter table orders alter column customer_id type bigint'

const MEASURED = {
  method: 'rehearsed: 3 runs on a copy',
  p95MsBefore: 689.4,
  p95MsAfter: 5.2,
  sizeBytes: 6_332_416,
  buildMs: 203,
  locks: ['ACCESS EXCLUSIVE on shop.old_orders'],
  blockedMsMax: 40,
  rollback: false,
  calls: ['pg_catalog.now()'],
}

describe.skipIf(!HAS_CHROMIUM)('the card of an approval', () => {
  let world: ConsoleWorld
  let page: Page
  let incident: string
  let chief: string
  let asker: string

  beforeAll(async () => {
    world = await consoleWorld()
    const { esa } = world
    for (const agent of ['layer-2', 'layer-3', 'chief-1', 'agent-0'])
      await esa.json('agents', 'seat', agent, '--human')
    const opening = ['--agent', 'layer-1', '--category', 'integration', '--title', 'Orders are slow']
    ;({ id: incident } = await esa.json<{ id: string }>('incidents', 'open', ...opening))
    await esa.json('targets', 'add', 'shop', (await ensureEmbeddedServer(esa)).url)
    const person = async (name: string, as: string): Promise<string> => {
      const { link } = await esa.json<{ link: string }>('accounts', 'add', name, '--as', as)
      return (await esa.json<{ token: string }>('login', link)).token
    }
    ;[asker, chief] = [await person('Ada', 'layer-1'), await person('Cem', 'chief-1')]
    await twoDaysPass()
    await ask(DROP, 'Nothing has read it for a year', { ...MEASURED, incidentId: incident })
    page = await world.browser.open(`${world.url}/inbox?agent=chief-1`)
  })
  afterAll(() => world?.close())

  /** An account that is younger than a day approves nothing: the owner of the database moves them back. */
  const twoDaysPass = async (): Promise<void> => {
    const owner = new pg.Client({ connectionString: (await ensureEmbeddedServer(world.esa)).url })
    await owner.connect()
    await owner.query(`update esa.accounts set created_at = created_at - 172800000`)
    await owner.end()
  }
  const ask = async (statement: string, because: string, evidence: object): Promise<void> => {
    const file = join(world.esa.folder, 'evidence.json')
    await writeFile(file, JSON.stringify(evidence))
    const asking = ['--target', 'shop', '--statement', statement, '--because', because, '--evidence', file]
    const { code, stderr } = await world.esa.run(['db', 'approvals', 'ask', ...asking], { ESA_TOKEN: asker })
    expect([code, stderr]).toEqual([0, expect.any(String)])
  }
  const cardOf = (statement: string): Locator =>
    page
      .getByRole('article', { name: 'Approval of a statement for shop' })
      .filter({ has: page.getByText(statement, { exact: true }) })
  const textOf = async (card: Locator): Promise<string> => (await card.innerText()).replaceAll(/\s+/g, ' ')

  it('shows everything that is known before a vote', async () => {
    const card = cardOf(DROP)
    await card.waitFor()
    const text = await textOf(card)
    for (const fact of [
      /Requested by layer-1, Ada/,
      new RegExp(`Incident ${incident}`),
      /Because Nothing has read it for a year/,
      /destructive/,
      /sha256 [0-9a-f]{64} computed here from the text above: the same/,
      /Before 689\.4 ms After 5\.2 ms \(−99 %\)/,
      /rehearsed: 3 runs on a copy/,
      /Size on the copy 6\.3 MB/,
      /Build time on the copy 203 ms/,
      /Locks ACCESS EXCLUSIVE on shop\.old_orders/,
      /Kept others waiting 40 ms at most/,
      /Calls pg_catalog\.now\(\)/,
      /Way back no way back/,
      /0 of 2 votes/,
      /until the request expires/,
      /Awaited: 2 more votes · May vote: chief-1 or agent-0 or an operator, each signed in before the request; never Ada, who requested it; two different persons\. Now: Cem as chief-1 \(vouched for by the holder of the home\)/,
      /May not vote: Ada \(vouched for by the holder of the home\): requested it, or its account is related to the requester’s\./,
    ])
      expect(text).toMatch(fact)
    expect(await card.getByText('unknown').count()).toBe(0)
    expect(await card.locator('dd svg rect').count()).toBe(2)
    await card.getByRole('link', { name: incident }).waitFor()
    expect(await faultsDayAndNight(page)).toEqual([])
  })

  it('says what is unknown, and leaves nothing out', async () => {
    await ask(CHANGE, 'It loses rows', {})
    const card = cardOf(CHANGE)
    await card.waitFor()
    const text = await textOf(card)
    for (const name of [
      'p95 of the workload on a copy',
      'Size on the copy',
      'Build time on the copy',
      'Locks',
      'Kept others waiting',
      'Way back',
      'Incident',
    ])
      expect(text).toContain(`${name} unknown`)
    expect(text).toContain('Calls nothing that is not known to be harmless')
  })

  it('is approved by Enter, and shows who voted and what is awaited', async () => {
    await cardOf(DROP).getByRole('button', { name: 'Approve…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Approve as chief-1' })
    // The first field that must be filled.
    expect(
      await dialog.getByLabel('Your token as chief-1').evaluate((field) => field.matches(':focus')),
    ).toBe(true)
    await page.keyboard.insertText(chief)
    await page.keyboard.press('Enter')
    await page
      .getByRole('status', { name: 'What was done' })
      .getByText(/^Voted for [0-9a-f]{12}: 1 of 2\. Awaited: 1 more\./)
      .waitFor()
    await cardOf(DROP).getByText('1 of 2 votes').waitFor()
    const text = await textOf(cardOf(DROP))
    expect(text).toMatch(/1 of 2 votes 1[45]:\d\d until what was given lapses/)
    expect(text).toMatch(/Cem.* as Chief #1/)
    expect(text).toMatch(/Awaited: 1 more vote /)
    // This seat has voted.
    expect(await cardOf(DROP).getByRole('button', { name: 'Approve…' }).count()).toBe(0)
    const left = async (): Promise<string> => /1[45]:\d\d/.exec(await textOf(cardOf(DROP)))?.[0] ?? ''
    const before = await left()
    await expect.poll(left, { timeout: 10_000 }).not.toBe(before)
  })

  it('is the same on its incident', async () => {
    await page.goto(`${world.url}/incidents/${incident}`)
    const card = page.getByRole('region', { name: 'Approvals for this incident' })
    await card.waitFor()
    const text = await textOf(card)
    expect(text).toMatch(/1 of 2 votes/)
    expect(text).toMatch(/Way back no way back/)
    expect(await cardOf(CHANGE).count()).toBe(0)
    expect(await faultsDayAndNight(page)).toEqual([])
  })

  it('is declined with a reason, which the requester learns', async () => {
    await page.goto(`${world.url}/inbox?agent=chief-1`)
    await cardOf(CHANGE).getByRole('button', { name: 'Reject…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Reject as chief-1' })
    await dialog.waitFor()
    await page.keyboard.type('It rewrites the table at noon')
    await dialog.getByLabel('Your token as chief-1').fill(chief)
    await page.keyboard.press('Enter')
    await page
      .getByRole('status', { name: 'What was done' })
      .getByText(/^Rejected /)
      .waitFor()
    const { approvals } = await world.esa.json<{ approvals: { statement: string; status: string }[] }>(
      'db',
      'approvals',
      'ls',
      '--all',
    )
    expect(approvals.find(({ statement }) => statement === CHANGE)).toMatchObject({ status: 'rejected' })
    await cardOf(CHANGE).waitFor({ state: 'hidden' })
    expect(world.browser.faults).toEqual([])
  })

  it('stays on its incident when it is over, without a way to vote', async () => {
    const { approvals } = await world.esa.json<{ approvals: { id: string }[] }>('db', 'approvals', 'ls')
    const withdrawing = ['approvals', 'withdraw', approvals[0]!.id, '--as', 'layer-1']
    expect((await world.esa.run(withdrawing, { ESA_TOKEN: asker })).code).toBe(0)
    await page.goto(`${world.url}/incidents/${incident}`)
    await cardOf(DROP).getByText('The request was withdrawn.').waitFor()
    const text = await textOf(cardOf(DROP))
    expect(text).toMatch(/Cem.* as Chief #1/)
    expect(text).not.toMatch(/until|May vote/)
    expect(await cardOf(DROP).getByRole('button').count()).toBe(0)
    expect(await faultsDayAndNight(page)).toEqual([])
    expect(world.browser.faults).toEqual([])
  })
})
