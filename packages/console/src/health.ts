import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { isConnected, onConnection } from './live.ts'

/** What is broken between this page and the truth. */
export type Trouble = 'offline' | 'server' | 'database' | 'stream'

/** The page's state: what is broken, and when everything was well last, by `performance.now()`. */
export interface Health {
  trouble: Trouble | null
  wellAt: number
}

/** How often the server's readiness is checked, ms: what is dead looks dead within twice that. */
const ASKED_EVERY_MS = 3_000

/** An answer that takes longer is none, ms: the server itself waits 2 s for its database. */
const ANSWERS_WITHIN_MS = 4_000

let health: Health = { trouble: null, wellAt: performance.now() }
let found: Exclude<Trouble, 'stream'> | null = null
const watchers = new Set<() => void>()

function settle(): void {
  const trouble = found ?? (isConnected() ? null : navigator.onLine ? 'stream' : 'offline')
  const wellAt = trouble === null ? performance.now() : health.wellAt
  const same = trouble === health.trouble
  health = { trouble, wellAt }
  if (!same) for (const watcher of watchers) watcher()
}

/** Whether what is shown is true, and what is broken. */
export function useHealth(): Health {
  return useSyncExternalStore(subscribe, () => (health.trouble === null ? WELL : health))
}

/** One object while all is well: a page is drawn again when that changes, and not with every look. */
const WELL: Health = { trouble: null, wellAt: 0 }

/** How long ago everything was well, in whole seconds as ms; drawn again every second. */
export function useStaleMs(): number {
  return useSyncExternalStore(everySecond, () => {
    return Math.floor((performance.now() - health.wellAt) / 1_000) * 1_000
  })
}

function everySecond(watcher: () => void): () => void {
  const timer = setInterval(watcher, 500)
  return () => clearInterval(timer)
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

/**
 * Why nothing can be done now, or null. Where the stream alone is lost the page asks instead of listening, and every command
 * carries the epoch that was read: it stays possible.
 */
export function useBlocked(): string | null {
  const { trouble } = useHealth()
  return trouble === null || trouble === 'stream' ? null : `Not now: ${TROUBLES[trouble].toLowerCase()}`
}

/** What is broken, in a sentence. */
export const TROUBLES: Record<Trouble, string> = {
  offline: 'This machine is offline.',
  server: 'The server does not answer.',
  database: 'The database does not answer.',
  stream: 'Live updates are lost.',
}

/** Asks the server again and again whether it can work; what is shown is fetched again as soon as it can. Returns what ends that. */
export function watchHealth(client: QueryClient): () => void {
  let ended = false
  const look = async (): Promise<void> => {
    const before = health.trouble
    found = await lookOnce()
    if (ended) return
    settle()
    const recovered = before !== null && health.trouble === null
    if (recovered || health.trouble === 'stream') void client.invalidateQueries()
  }
  const timer = setInterval(() => void look(), ASKED_EVERY_MS)
  // A stream that ends is the first sign of a server that died.
  const stop = onConnection(() => {
    settle()
    void look()
  })
  return () => {
    ended = true
    clearInterval(timer)
    stop()
  }
}

async function lookOnce(): Promise<Exclude<Trouble, 'stream'> | null> {
  if (!navigator.onLine) return 'offline'
  try {
    const answer = await fetch('/health/database', { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) })
    if (!answer.ok) return 'server'
    const { database } = (await answer.json()) as { database?: unknown }
    return database === true ? null : 'database'
  } catch {
    return 'server'
  }
}
