import { useSyncExternalStore } from 'react'

/** What was committed, in words, and how it is taken back where it can be. */
export interface Toast {
  id: number
  text: string
  undo: (() => Promise<string>) | null
}

let shown: Toast | null = null
let made = 0
const watchers = new Set<() => void>()

function show(next: Toast | null): void {
  shown = next
  for (const watcher of watchers) watcher()
}

/** Says what was committed; `undo` takes it back by a command of its own and says what that did. */
export function sayDone(text: string, undo: (() => Promise<string>) | null = null): void {
  made += 1
  show({ id: made, text, undo })
}

/** Takes a toast away; one that was said since stays. */
export function endToast(id: number): void {
  if (shown?.id === id) show(null)
}

/** What was committed last, while it is to be read. */
export function useToast(): Toast | null {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => shown,
  )
}
