import { useSyncExternalStore } from 'react'

/** Light, dark, or whatever the system asks for. */
export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'esa.theme'
const watchers = new Set<() => void>()

function kept(): Theme {
  try {
    const theme = localStorage.getItem(KEY)
    return THEMES.find((known) => known === theme) ?? 'system'
  } catch {
    // A browser may refuse storage: then the choice lasts as long as the page.
    return 'system'
  }
}

let current = kept()

/** Puts the kept choice on the page; the style sheet does the rest. */
export function applyTheme(): void {
  if (current === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = current
}

/** The choice, and what changes it for this browser. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => current,
  )
  return [theme, choose]
}

function choose(theme: Theme): void {
  current = theme
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // See above.
  }
  applyTheme()
  for (const watcher of watchers) watcher()
}
