import { setImmediate as nextTurn } from 'node:timers/promises'
import type { StreamingApi } from 'hono/utils/stream'
import { expect, it } from 'vitest'
import { sendEvents } from './event-stream.ts'
import type { Feed } from './feed.ts'

const STUCK_MS = 20

/** Sends the greeting to a line that takes it after `taken`, and then ends; true when the line was cut off. */
async function isCutOff(taken: (cut: Promise<void>) => Promise<void>): Promise<boolean> {
  let isCut = false
  let cut = (): void => {}
  const whenCut = new Promise<void>((resolve) => {
    cut = resolve
  })
  const ending = new AbortController()
  const out = {
    aborted: false,
    onAbort: () => {},
    abort() {
      this.aborted = true
    },
    write: async () => {
      await taken(whenCut)
      ending.abort()
    },
  }
  const feed = { position: 0, ending: ending.signal, follow: () => () => {} }
  const reader = {
    from: 0,
    reset: false,
    wants: () => true,
    mayRead: async () => true,
    over: new AbortController().signal,
    cut: () => {
      isCut = true
      cut()
    },
  }
  await sendEvents(out as unknown as StreamingApi, feed as unknown as Feed, reader, {
    heartbeatMs: 60_000,
    stuckMs: STUCK_MS,
    most: 1,
    mostOfToken: 1,
  })
  return isCut
}

/** The process does nothing else for a while: it is busy, or its machine slept. */
function standStill(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until) continue
}

it('cuts off a reader that takes nothing', async () => {
  expect(await isCutOff((cut) => cut)).toBe(true)
})

it('cuts off none that took it while the process stood still', async () => {
  const cut = await isCutOff(async () => {
    standStill(3 * STUCK_MS)
    await nextTurn()
  })
  expect(cut).toBe(false)
})
