import type { ReactNode } from 'react'

interface TabsProps<Tab extends string> {
  label: string
  tabs: readonly { id: Tab; label: string; note?: ReactNode }[]
  current: Tab
  onChoose: (tab: Tab) => void
}

/** The id of a tab's panel, which its renderer has to set. */
export const TAB_PANEL = 'tab-panel'

/** Tabs by the ARIA pattern: one of them is reached by Tab, the others by arrows. */
export function Tabs<Tab extends string>({ label, tabs, current, onChoose }: TabsProps<Tab>) {
  return (
    <div role="tablist" aria-label={label} className="flex gap-1 overflow-x-auto border-b">
      {tabs.map(({ id, label: name, note }, n) => (
        <button
          key={id}
          type="button"
          role="tab"
          id={`tab-${id}`}
          aria-selected={id === current}
          aria-controls={TAB_PANEL}
          tabIndex={id === current ? 0 : -1}
          onClick={({ detail, currentTarget }) => {
            // A click needs no focus here: arrows are for what was chosen then, a replay for one.
            if (detail > 0) currentTarget.blur()
            onChoose(id)
          }}
          onKeyDown={(event) => {
            const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
            const next = step === undefined ? undefined : tabs[(n + step + tabs.length) % tabs.length]
            if (next === undefined) return
            event.preventDefault()
            // Arrows belong to the tabs while one of them has the focus, and not to the page.
            event.stopPropagation()
            onChoose(next.id)
            document.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus()
          }}
          className="touch -mb-px border-b-2 border-transparent px-3 py-1.5 font-medium whitespace-nowrap text-muted hover:text-ink aria-selected:border-accent aria-selected:text-ink"
        >
          {name}
          {note === undefined ? null : <span className="figures ml-1.5 text-sm text-muted">{note}</span>}
        </button>
      ))}
    </div>
  )
}
