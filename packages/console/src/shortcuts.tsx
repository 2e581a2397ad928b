import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { Button } from './components/button.tsx'
import { useHotkeys } from './hotkeys.ts'
import { useNavigation } from './navigation.ts'

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }))

/** After `g` the second letter is waited for this long, ms. */
const SECOND_KEY_MS = 1_500

/** Keys that work on every page: Ctrl-K finds anything, `g` and a letter goes to a page. */
export function Shortcuts() {
  const [open, setOpen] = useState(false)
  const goUntil = useRef(0)
  const navigate = useNavigate()
  const pages = useNavigation()
  const goTo = (to: (typeof pages)[number]['to']) => () => {
    if (performance.now() > goUntil.current) return
    goUntil.current = 0
    void navigate({ to })
  }
  useHotkeys({
    g: () => {
      goUntil.current = performance.now() + SECOND_KEY_MS
    },
  })
  useSecondKey(goUntil, Object.fromEntries(pages.map(({ to, key }) => [key, goTo(to)])))
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (
        event.key.toLowerCase() !== 'k' ||
        !(event.ctrlKey || event.metaKey) ||
        event.altKey ||
        event.shiftKey
      )
        return
      // The browser's own search bar has the key, too.
      event.preventDefault()
      setOpen((before) => !before && document.querySelector('dialog[open]') === null)
    }
    document.addEventListener('keydown', pressed)
    return () => document.removeEventListener('keydown', pressed)
  }, [])
  return (
    <>
      <Button
        look="quiet"
        icon="search"
        aria-label="Find anything"
        aria-keyshortcuts="Control+K"
        title="Find an agent, an incident or a page (Ctrl K)"
        onClick={() => setOpen(true)}
      />
      {open ? (
        <Suspense fallback={null}>
          <Palette onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </>
  )
}

/** Listens before the page does, and only while a second letter is waited for: `g` then `i` is not an `i`. */
function useSecondKey(until: { current: number }, keys: Record<string, () => void>): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (performance.now() > until.current || event.ctrlKey || event.metaKey || event.altKey) return
      const act = latest.current[event.key]
      if (act === undefined) return
      event.preventDefault()
      event.stopPropagation()
      act()
    }
    document.addEventListener('keydown', pressed, { capture: true })
    return () => document.removeEventListener('keydown', pressed, { capture: true })
  }, [until])
}
