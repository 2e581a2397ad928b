import { setImmediate as nextTurn } from 'node:timers/promises'

/** Longer than any of these conditions takes, ms. */
const WITHIN_MS = 5_000

/** Lets the event loop turn until something is true. @throws Error that says what was waited for. */
export async function until(what: string, look: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpAt = performance.now() + WITHIN_MS
  while (!(await look())) {
    if (performance.now() > giveUpAt) throw new Error(`never came true: ${what}`)
    await nextTurn()
  }
}
