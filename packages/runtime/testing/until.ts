import { setTimeout as pause } from 'node:timers/promises'

/** Between two looks, ms. */
const LOOK_EVERY_MS = 10

/** How long a condition may take when the caller does not say, ms. */
const WITHIN_MS = 15_000

/** Waits until a look gives something true, and returns it. @throws Error that says what was waited for. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  withinMs = WITHIN_MS,
): Promise<T> {
  const giveUpAt = performance.now() + withinMs
  for (;;) {
    const seen = await look()
    if (seen !== null && seen !== undefined && seen !== false) return seen
    if (performance.now() > giveUpAt) throw new Error(`not within ${withinMs} ms: ${what}`)
    await pause(LOOK_EVERY_MS)
  }
}
