import type { QueryClient } from '@tanstack/react-query'
import { learnServerPast } from './clock.ts'

/** One event of the server's stream. */
interface LiveEvent {
  pos: number
  at: string
  stream: string
  seq: number
  type: string
}

/** The server sends a heartbeat every 15 s; a connection that is silent for longer is taken for dead, ms. */
const SILENT_MS = 40_000

/** Pause before a connection that the browser gave up is opened again, ms. */
const REOPEN_MS = 2_000

/** Lists are fetched again at most this often, ms: in a flood of events they would never come to rest. */
const LISTS_EVERY_MS = 300

let connected = true
const watchers = new Set<() => void>()

function tell(now: boolean): void {
  if (connected === now) return
  connected = now
  for (const watcher of watchers) watcher()
}

/** Hears the ids of streams that have grown, many at once. */
export type StreamListener = (streams: ReadonlySet<string>) => void

const listeners = new Set<StreamListener>()

/** Calls the listener whenever streams have grown; returns what ends that. */
export function onStreams(listener: StreamListener): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** True while the page hears the server. */
export function isConnected(): boolean {
  return connected
}

/** Calls the watcher whenever the page begins or ceases to hear the server; returns what ends that. */
export function onConnection(watcher: () => void): () => void {
  watchers.add(watcher)
  return () => void watchers.delete(watcher)
}

/**
 * Keeps what is shown true: every event of the stream makes what it concerns be fetched again, queries under
 * `['stream', id]` and all under `['lists']`. Returns what ends that.
 */
export function follow(client: QueryClient): () => void {
  const refresh = refresher(client)
  let source: EventSource | null = null
  let heardAt = performance.now()
  const open = (): void => {
    source?.close()
    heardAt = performance.now()
    source = new EventSource('/api/v1/stream')
    const heard = (): void => {
      heardAt = performance.now()
      tell(true)
    }
    source.addEventListener('open', () => {
      heard()
      // Whatever happened while the stream was off.
      void client.invalidateQueries()
    })
    source.addEventListener('heartbeat', heard)
    // The data of this page is outdated: the server says so after a long absence.
    source.addEventListener('reset', () => void client.invalidateQueries())
    source.addEventListener('error', () => tell(false))
    source.addEventListener('message', ({ data }: MessageEvent<string>) => {
      heard()
      const { stream, at } = JSON.parse(data) as LiveEvent
      learnServerPast(at)
      refresh(stream)
    })
  }
  // The machine knows at once what a connection finds out after a while.
  const cutOff = (): void => {
    source?.close()
    tell(false)
  }
  window.addEventListener('offline', cutOff)
  window.addEventListener('online', open)
  open()
  const watch = setInterval(() => {
    const silent = performance.now() - heardAt > SILENT_MS
    if (silent) tell(false)
    // The browser reconnects by itself, except after an answer that is not a stream.
    if (silent || (source?.readyState === EventSource.CLOSED && navigator.onLine)) open()
  }, REOPEN_MS)
  return () => {
    window.removeEventListener('offline', cutOff)
    window.removeEventListener('online', open)
    clearInterval(watch)
    source?.close()
  }
}

/** Fetches what events concern: what belongs to a stream in the next frame, lists no more often than they can be read. */
function refresher(client: QueryClient): (stream: string) => void {
  const stale = new Set<string>()
  let framed = false
  let listsStale = false
  let listsBusy = false

  const streams = (): void => {
    framed = false
    const ids = new Set(stale)
    stale.clear()
    for (const listener of listeners) listener(ids)
    void client.invalidateQueries({
      predicate: ({ queryKey: [kind, id] }) => kind === 'stream' && typeof id === 'string' && ids.has(id),
    })
  }
  const lists = async (): Promise<void> => {
    listsBusy = true
    while (listsStale) {
      listsStale = false
      await Promise.all([
        client.invalidateQueries({ queryKey: ['lists'] }),
        new Promise((resolve) => setTimeout(resolve, LISTS_EVERY_MS)),
      ])
    }
    listsBusy = false
  }
  return (stream) => {
    stale.add(stream)
    listsStale = true
    if (!listsBusy) void lists()
    if (framed) return
    framed = true
    // A hidden tab has no frames, and must be true when it is seen.
    setTimeout(streams, 16)
  }
}
