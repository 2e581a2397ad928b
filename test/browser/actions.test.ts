import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HAS_CHROMIUM } from './browser.ts'
import { type ConsoleWorld, consoleWorld } from './console-world.ts'

/** What the API says of an incident. */
interface Shown {
  status: string
  level: string
  addressees: string[]
  dataLoss: boolean
}

describe.skipIf(!HAS_CHROMIUM)('what can be done about an incident', () => {
  let world: ConsoleWorld
  let page: Page
  let id: string

  beforeAll(async () => {
    world = await consoleWorld()
    // A person holds the seat: nothing is answered behind the page's back.
    for (const agent of ['layer-2', 'layer-3', 'layer-14', 'chief-1', 'agent-0'])
      await post(`agents/${agent}/seat`, { seat: 'human' })
    id = await open('Orders lose their customer')
    page = await world.browser.open(`${world.url}/incidents/${id}`)
    await page.getByRole('timer').waitFor()
  })
  afterAll(() => world?.close())

  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${world.url}/api/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return await answer.json()
  }
  const open = async (title: string): Promise<string> => {
    const opened = await post('incidents', { agent: 'layer-1', category: 'integration', title })
    return (opened as { id: string }).id
  }
  const shown = async (): Promise<Shown> =>
    (await (await fetch(`${world.url}/api/v1/incidents/${id}`)).json()) as Shown

  /** Chooses an action under More…, and gives its dialog. */
  const ask = async (action: string) => {
    await page.getByRole('button', { name: 'More…' }).click()
    const list = page.getByRole('dialog', { name: 'What can be done' })
    await list.getByRole('button', { name: new RegExp(`^${action}`) }).click()
    return page.getByRole('dialog', { name: `${action} this incident` })
  }
  type Asked = Awaited<ReturnType<typeof ask>>
  const send = async (dialog: Asked, action: string): Promise<void> => {
    await dialog.getByRole('button', { name: action, exact: true }).click()
    await dialog.waitFor({ state: 'hidden' })
  }

  it('suppress keeps what is left of the wait, and unsuppress lets it go on', async () => {
    const dialog = await ask('Suppress')
    await dialog.getByText('2 h', { exact: true }).click()
    await dialog
      .getByText(/Then the 29 min .* that are left of the wait go on, and Chief #1 is notified/)
      .waitFor()
    await send(dialog, 'Suppress')
    expect(await shown()).toMatchObject({ status: 'suppressed', level: 'peer' })
    const back = await ask('Unsuppress')
    await back.getByText(/that were left of the wait go on from now, without a new notice/).waitFor()
    await send(back, 'Unsuppress')
    expect(await shown()).toMatchObject({ status: 'triggered', level: 'peer' })
  })

  it('reassign says what is wrong with a name, and gives it to an existing agent', async () => {
    const dialog = await ask('Reassign')
    await dialog.getByLabel('To which agent').fill('layer-999')
    await dialog.getByRole('button', { name: 'Reassign', exact: true }).click()
    await dialog.getByText('there is no agent "layer-999"').waitFor()
    expect((await shown()).addressees).toEqual(['layer-2', 'layer-3'])
    await dialog.getByLabel('To which agent').fill('layer-14')
    await dialog.getByText(/The deadline stays at/).waitFor()
    await send(dialog, 'Reassign')
    expect(await shown()).toMatchObject({ status: 'triggered', addressees: ['layer-14'] })
    world.browser.faults.splice(0)
  })

  it('decline needs a reason, and the next tier is notified when none is left', async () => {
    const dialog = await ask('Decline')
    const decline = dialog.getByRole('button', { name: 'Decline', exact: true })
    expect(await decline.isDisabled()).toBe(true)
    await dialog.getByLabel('Reason').fill('Caching has no part in it')
    await dialog.getByLabel('In the name of').selectOption('layer-14')
    await dialog
      .getByText(/Layer 14 declines, the last of this level. Chief #1 is notified at once and has 1 h/)
      .waitFor()
    await send(dialog, 'Decline')
    expect(await shown()).toMatchObject({ status: 'triggered', level: 'chief' })
    const steps = page.getByRole('region', { name: 'Steps' })
    await steps.getByText('Declined: Caching has no part in it').waitFor()
  })

  it('snooze takes no more than it may', async () => {
    const dialog = await ask('Snooze')
    await dialog.getByLabel('Another duration').fill('5 h')
    await dialog
      .getByRole('alert')
      .getByText(/at most 4/)
      .waitFor()
    expect(await dialog.getByRole('button', { name: 'Snooze', exact: true }).isDisabled()).toBe(true)
    await dialog.getByLabel('Another duration').fill('90 min')
    await send(dialog, 'Snooze')
    expect(await shown()).toMatchObject({ status: 'snoozed', level: 'chief' })
    await expect.poll(() => page.getByRole('timer').textContent()).toMatch(/in 1:(?:30:00|29:\d\d)$/)
  })

  it('raise reaches the CEO, and from then on nothing quietens it', async () => {
    const dialog = await ask('Raise')
    await dialog.getByText(/cannot be taken back/).waitFor()
    await send(dialog, 'Raise')
    expect(await shown()).toMatchObject({ status: 'triggered', level: 'ceo', dataLoss: true })
    await page.getByText('data loss', { exact: true }).first().waitFor()
    await page.getByRole('button', { name: 'More…' }).click()
    const list = page.getByRole('dialog', { name: 'What can be done' })
    for (const [action, why] of [
      ['Snooze', 'Nothing may quieten a data loss'],
      ['Suppress', 'Nothing may quieten a data loss'],
      ['Raise', 'It counts as data loss already'],
    ] as const) {
      const button = list.getByRole('button', { name: new RegExp(`^${action}`) })
      expect([await button.isDisabled(), await button.textContent()]).toEqual([
        true,
        expect.stringContaining(why),
      ])
    }
    await page.keyboard.press('Escape')
  })

  it('withdraw ends it, and says why', async () => {
    const dialog = await ask('Withdraw')
    await dialog.getByLabel('Why').fill('A drill')
    await send(dialog, 'Withdraw')
    await page.getByText('Withdrawn: A drill').first().waitFor()
    expect((await shown()).status).toBe('resolved')
    await page.getByRole('button', { name: 'More…' }).click()
    const list = page.getByRole('dialog', { name: 'What can be done' })
    for (const button of await list.locator('li button').all()) expect(await button.isDisabled()).toBe(true)
    await page.keyboard.press('Escape')
  })

  it('its log and its post-mortem are a click away', async () => {
    await page.getByRole('tab', { name: 'Events' }).click()
    const read = async (link: string): Promise<string> => {
      const coming = page.waitForEvent('download')
      await page.getByRole('link', { name: link }).click()
      return await readFile(await (await coming).path(), 'utf8')
    }
    expect(await read('Post-mortem')).toMatch(/^# Orders lose their customer\n/)
    const [header = '', ...events] = (await read('Log as JSONL')).trimEnd().split('\n')
    expect(JSON.parse(header)).toMatchObject({ format: 'esa.stream', id })
    const { events: told } = await world.esa.json<{ events: unknown[] }>('replay', 'show', id)
    expect(events).toHaveLength(told.length)
    expect(world.browser.faults).toEqual([])
  })
})
