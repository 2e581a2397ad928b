import { useNavigate } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState } from 'react'
import type { Incident } from '../api.ts'
import { useServerNow } from '../clock.ts'
import { useHotkeys } from '../hotkeys.ts'
import { IncidentRow } from './incident-row.tsx'

const ROW = 44
/** Two lines, where the list is narrow. */
const ROW_NARROW = 64
const NARROW = '(width < 48rem)'

/** Rows that are ready outside of what is seen. */
const OVERSCAN = 10

interface IncidentRowsProps {
  incidents: readonly Incident[]
  hasMore: boolean
  onMore: () => void
}

/** Incidents as rows; only those in sight are in the page; j, k and Enter walk through all. */
export function IncidentRows({ incidents, hasMore, onMore }: IncidentRowsProps) {
  const box = useRef<HTMLDivElement>(null)
  const [current, setCurrent] = useState(0)
  const now = useServerNow(1_000)
  const navigate = useNavigate()
  const narrow = matchMedia(NARROW).matches
  const rows = useVirtualizer({
    count: incidents.length,
    getScrollElement: () => box.current,
    estimateSize: () => (narrow ? ROW_NARROW : ROW),
    overscan: OVERSCAN,
  })
  const shown = rows.getVirtualItems()
  const last = shown.at(-1)?.index ?? 0
  useEffect(() => {
    if (hasMore && last >= incidents.length - 2 * OVERSCAN) onMore()
  }, [hasMore, last, incidents.length, onMore])
  const walk = (by: number): void => {
    const next = Math.min(Math.max(current + by, 0), incidents.length - 1)
    setCurrent(next)
    rows.scrollToIndex(next)
  }
  useHotkeys({
    j: () => walk(1),
    k: () => walk(-1),
    Enter: () => {
      const chosen = incidents[current]
      if (chosen !== undefined) void navigate({ to: '/incidents/$id', params: { id: chosen.id } })
    },
  })
  return (
    <div
      ref={box}
      role="region"
      aria-label="Incidents"
      tabIndex={0}
      className="max-h-[max(18rem,calc(100dvh-12rem))] overflow-auto rounded-md border bg-surface"
    >
      <ol className="relative" style={{ height: rows.getTotalSize() }}>
        {shown.map(({ index, start, size }) => {
          const incident = incidents[index]
          return incident === undefined ? null : (
            <li
              key={incident.id}
              aria-setsize={hasMore ? -1 : incidents.length}
              aria-posinset={index + 1}
              className="absolute inset-x-0 border-b"
              style={{ transform: `translateY(${start}px)`, height: size }}
            >
              <IncidentRow incident={incident} current={index === current} now={now} />
            </li>
          )
        })}
      </ol>
    </div>
  )
}
