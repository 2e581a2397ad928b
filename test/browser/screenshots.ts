import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import type { Look } from './browser.ts'
import { type ConsoleWorld, consoleWorld } from './console-world.ts'
import { type Seeded, seedWorld } from './seed-world.ts'

const FOLDER = fileURLToPath(new URL('../../docs/guide', import.meta.url))

/** All pictures together, bytes: a clone carries them. */
const BYTES_MAX = 1_500_000

const DESKTOP = { width: 1060, height: 660 }
const PHONE = { width: 390, height: 780 }

interface Shot extends Look {
  name: string
  path: string
  /** What is there when the page is ready. */
  shows: string | RegExp
  /** What is done before the picture is taken. */
  act?: (page: Page) => Promise<void>
}

function shots({ asked }: Seeded): Shot[] {
  const incident = `/incidents/${asked.id}`
  return [
    { name: 'now', path: '/', shows: 'Connection pool' },
    { name: 'incidents', path: '/incidents', shows: 'Connection pool' },
    { name: 'incident', path: incident, shows: /Chief #1/ },
    { name: 'incident-dark', path: incident, shows: /Chief #1/, colorScheme: 'dark' },
    { name: 'incident-phone', path: incident, shows: /Chief #1/, ...PHONE },
    { name: 'org', path: '/org', shows: '105 agents' },
    { name: 'agent', path: '/agents/layer-1', shows: 'Guard integrity' },
    { name: 'agent-state-dark', path: '/agents/layer-1?tab=state', shows: 'is here', colorScheme: 'dark' },
    { name: 'inbox-approve', path: '/inbox?agent=chief-1', shows: 'sha256', act: openApproval },
    { name: 'inbox-phone-dark', path: '/inbox', shows: 'sha256', colorScheme: 'dark', ...PHONE },
    { name: 'timers', path: '/timers', shows: 'is notified' },
    { name: 'database', path: '/db/shop', shows: 'broken', act: drawn },
    {
      name: 'database-dark',
      path: '/db/shop',
      shows: 'broken',
      colorScheme: 'dark',
      act: drawn,
    },
    { name: 'queues', path: '/queues', shows: 'specialists' },
    { name: 'simulate', path: '/simulate', shows: 'No simulation', act: simulate },
    { name: 'settings', path: '/settings', shows: 'Planned move' },
    { name: 'palette', path: '/', shows: 'Connection pool', act: openPalette },
  ]
}

/** Five pictures, each of them painted. */
async function drawn(page: Page): Promise<void> {
  await page.locator('canvas').nth(4).waitFor()
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
}

async function openApproval(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Approve…' }).click()
  await page.getByLabel('Because').fill('Checked: nothing reads it')
}

async function simulate(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run the simulation' }).click()
  await page.getByText(/^Simulated: /).waitFor()
}

async function openPalette(page: Page): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('data')
  await page.getByRole('dialog').getByRole('option', { selected: true }).waitFor()
}

/** Takes the pictures of the operator's guide from a seeded world, in the place of those that were there. */
async function takeAll(world: ConsoleWorld): Promise<void> {
  const seeded = await seedWorld(world.esa, world.url, 'Guests see the list of another event')
  await rm(FOLDER, { recursive: true, force: true })
  await mkdir(FOLDER, { recursive: true })
  for (const { name, path, shows, act, ...look } of shots(seeded)) {
    const page = await world.browser.open(world.url + path, { ...DESKTOP, ...look })
    await page.getByText(shows).first().waitFor()
    await act?.(page)
    await page.screenshot({ path: join(FOLDER, `${name}.png`) })
    await page.context().close()
  }
  const files = await readdir(FOLDER)
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(FOLDER, file))).size))
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  process.stdout.write(`${files.length} pictures in docs/guide, ${bytes} bytes\n`)
  if (bytes > BYTES_MAX) throw new Error(`that is more than ${BYTES_MAX}`)
  if (world.browser.faults.length > 0) throw new Error(world.browser.faults.join('\n'))
}

const world = await consoleWorld()
try {
  await takeAll(world)
} finally {
  await world.close()
}
