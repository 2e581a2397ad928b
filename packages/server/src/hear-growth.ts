import type { Feed } from './feed.ts'

/** Whoever waits for the log to grow. */
export interface Growth {
  /** Resolves when the log has grown since this was last asked, or after so long, ms. */
  next(withinMs: number): Promise<void>
  end(): void
}

/** Hears of every growth of the log from now on, so that whatever is read after this call and before `next` misses nothing. */
export function hearGrowth(feed: Feed): Growth {
  let grown = false
  let wake = (): void => {}
  const end = feed.follow(() => {
    grown = true
    wake()
  })
  return {
    end,
    async next(withinMs) {
      if (!grown) {
        await new Promise<void>((resolve) => {
          // A server that stops does not wait for it.
          const timer = setTimeout(resolve, withinMs).unref()
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      grown = false
    },
  }
}
