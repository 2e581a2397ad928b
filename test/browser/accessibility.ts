import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults, ImpactValue } from 'axe-core'
import type { Page } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What must not shut anyone out. */
const SERIOUS: ReadonlySet<ImpactValue | undefined> = new Set<ImpactValue>(['serious', 'critical'])

/** Rules about colors: all that another theme can break. */
export const COLOUR_RULES = ['color-contrast', 'link-in-text-block']

/** What axe-core finds on the page that is serious, by all its rules or by some, as `rule: element`; nothing is well. */
export async function seriousFaults(page: Page, rules: string[] | null = null): Promise<string[]> {
  // Run by the debugger's protocol: the page's own policy lets no foreign script in.
  await page.evaluate(AXE)
  const { violations } = await page.evaluate(
    (runOnly) =>
      (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run(
        runOnly === null ? {} : { runOnly },
      ),
    rules,
  )
  return violations
    .filter(({ impact }) => SERIOUS.has(impact))
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary}`),
    )
}

/** The same by day and by night: the colors of both are looked at. */
export async function faultsDayAndNight(page: Page): Promise<string[]> {
  const day = await seriousFaults(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  const night = await seriousFaults(page, COLOUR_RULES)
  await page.emulateMedia({ colorScheme: 'light' })
  return [...day, ...night.map((fault) => `by night: ${fault}`)]
}
