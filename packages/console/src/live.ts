import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'

/** One event of the server's stream. */
interface LiveEvent {
  pos: number
  stream: string
  seq: number
  type: string
}

let connected = true
const watchers = new Set<() => void>()

function tell(now: boolean): void {
  if (connected === now) return
  connected = now
  for (const watcher of watchers) watcher()
}

/** True while the page hears the server. */
export function useConnected(): boolean {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => connected,
  )
}

/** Keeps what is shown true: every event of the stream makes what it concerns be fetched again. The browser reconnects by itself. */
export function follow(client: QueryClient): () => void {
  const source = new EventSource('/api/v1/stream')
  let stale = new Set<string>()
  let scheduled = false
  const refresh = (): void => {
    scheduled = false
    const streams = stale
    stale = new Set()
    void client.invalidateQueries({
      predicate: ({ queryKey: [kind, id] }) =>
        kind === 'lists' || (kind === 'stream' && typeof id === 'string' && streams.has(id)),
    })
  }
  source.addEventListener('open', () => {
    tell(true)
    // Whatever happened while nobody listened.
    void client.invalidateQueries()
  })
  source.addEventListener('error', () => tell(false))
  source.addEventListener('message', ({ data }: MessageEvent<string>) => {
    stale.add((JSON.parse(data) as LiveEvent).stream)
    if (scheduled) return
    scheduled = true
    requestAnimationFrame(refresh)
  })
  return () => source.close()
}
