import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

/** Debian's Chromium; `.ci/run` installs it. */
const CHROMIUM = '/usr/bin/chromium'

/** True where there is a browser to test with. */
export const HAS_CHROMIUM = existsSync(CHROMIUM)

if (!HAS_CHROMIUM)
  // oxlint-disable-next-line no-console -- a test that does not run has to say so where people look
  console.error(`!! there is no ${CHROMIUM}: the tests in a browser are SKIPPED`)

/** A page gets this long for whatever a test waits for, ms. */
const PATIENCE_MS = 15_000

/** How a page is looked at. */
export interface Look {
  width?: number
  height?: number
  colorScheme?: 'light' | 'dark'
}

/** One real browser, and what went wrong in any of its pages. */
export class TestBrowser {
  /** Errors of scripts, refused resources and messages at level error, as they came. */
  readonly faults: string[] = []
  readonly #browser: Browser

  private constructor(browser: Browser) {
    this.#browser = browser
  }

  static async launch(): Promise<TestBrowser> {
    // Tests run as root in a container, where Chromium's own sandbox cannot start.
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    return new TestBrowser(browser)
  }

  /** A page with a profile of its own. */
  async open(url: string, { width = 1280, height = 900, colorScheme = 'light' }: Look = {}): Promise<Page> {
    const context: BrowserContext = await this.#browser.newContext({
      viewport: { width, height },
      colorScheme,
      reducedMotion: 'reduce',
    })
    const page = await context.newPage()
    page.setDefaultTimeout(PATIENCE_MS)
    page.on('pageerror', (error) => this.faults.push(`${page.url()}: ${error.message}`))
    page.on('console', (message) => {
      if (message.type() === 'error') this.faults.push(`${page.url()}: ${message.text()}`)
    })
    await page.goto(url)
    return page
  }

  async close(): Promise<void> {
    await this.#browser.close()
  }
}
