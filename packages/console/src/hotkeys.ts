import { useEffect, useRef } from 'react'

/** What a key does; keys are named as `KeyboardEvent.key` has them. */
export type Hotkeys = Record<string, (event: KeyboardEvent) => void>

/** Listens for single keys on the page, while no field has the focus, no dialog is open and no other key is held. */
export function useHotkeys(hotkeys: Hotkeys): void {
  const latest = useRef(hotkeys)
  useEffect(() => {
    latest.current = hotkeys
  })
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (isTyping(event) || document.querySelector('dialog[open]') !== null) return
      const act = latest.current[event.key]
      if (act === undefined) return
      event.preventDefault()
      act(event)
    }
    document.addEventListener('keydown', pressed)
    return () => document.removeEventListener('keydown', pressed)
  }, [])
}

/** Fields take letters; buttons and links take space and Enter for themselves. */
function isTyping({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target.matches('input:not([type=range]), textarea, select')) return true
  return (key === ' ' || key === 'Enter') && target.matches('button, a, summary')
}
