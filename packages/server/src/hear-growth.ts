import type { Feed } from './feed.ts'

/** Those that wait for the log to grow. */
export interface Growth {
  /** Resolves when the log has grown since the last call, or after so long, ms. */
  next(withinMs: number): Promise<void>
  end(): void
}

/** What is listened for: the growth of one stream alone; and until when at most. */
export interface Listening {
  stream?: string | null
  signal?: AbortSignal
}

/**
 * Hears of every growth of the log from now on, or only of one stream's, so that whatever is read after this call and before
 * `next` misses nothing. Once `signal` is aborted, it waits no longer.
 */
export function hearGrowth(feed: Feed, { stream = null, signal }: Listening = {}): Growth {
  let grown = false
  let wake = (): void => {}
  let at = feed.position
  const hear = (): void => {
    grown = true
    wake()
  }
  signal?.addEventListener('abort', hear)
  const unfollow = feed.follow(() => {
    const lines = stream === null ? null : feed.after(at)
    at = feed.position
    if (Array.isArray(lines) && !feed.ending.aborted && lines.every((line) => line.stream !== stream)) return
    hear()
  })
  return {
    end() {
      unfollow()
      signal?.removeEventListener('abort', hear)
    },
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
