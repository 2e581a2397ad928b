import type { TimelineEvent } from '@esa/escalation'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useDeferredValue, useMemo, useRef, useState } from 'react'
import { sentence } from '../agent-names.ts'
import { LevelMark } from '../components/badges.tsx'
import { Dialog } from '../components/dialog.tsx'
import { JsonTree } from '../components/json-tree.tsx'
import { SearchField } from '../components/search-field.tsx'
import { Empty } from '../components/states.tsx'
import { clockText, countdownText, lateText } from '../durations.ts'
import { actorWords, eventWords } from './event-words.ts'

const ROW = 40

/** Rows that are ready outside of what is seen. */
const OVERSCAN = 12

interface EventLogProps {
  id: string
  events: readonly TimelineEvent[]
  now: number
}

/** The whole log, in order; a click shows an event with all its data. Only what is seen is in the page. */
export function EventLog({ id, events, now }: EventLogProps) {
  const [text, setText] = useState('')
  const [shown, setShown] = useState<TimelineEvent | null>(null)
  const wanted = useDeferredValue(text.trim().toLowerCase())
  const found = useMemo(
    () =>
      wanted === ''
        ? events
        : events.filter((event) =>
            `${event.seq} ${event.type} ${eventWords(event)} ${actorWords(event)} ${event.level ?? ''}`
              .toLowerCase()
              .includes(wanted),
          ),
    [events, wanted],
  )
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <SearchField label="Filter events" text={text} onText={setText} />
        <p role="status" className="figures text-muted sm:ml-auto">
          {found.length === events.length
            ? `${events.length} events`
            : `${found.length} of ${events.length} events`}
        </p>
        <span className="flex gap-3">
          <a href={`/api/v1/incidents/${id}/export?format=jsonl`} download>
            Log as JSONL
          </a>
          <a href={`/api/v1/incidents/${id}/export?format=md`} download>
            Post-mortem
          </a>
        </span>
      </div>
      {found.length === 0 ? (
        <Empty title="No event has these words." />
      ) : (
        <Rows events={found} now={now} onShow={setShown} />
      )}
      {shown === null ? null : (
        <Dialog title={`Event ${shown.seq}: ${shown.type}`} onClose={() => setShown(null)}>
          <p className="mb-3 text-muted">
            <bdi>{eventWords(shown)}</bdi> · {shown.at}
          </p>
          <JsonTree value={shown} open={3} />
        </Dialog>
      )}
    </div>
  )
}

function Rows({
  events,
  now,
  onShow,
}: Omit<EventLogProps, 'id'> & { onShow: (event: TimelineEvent) => void }) {
  const box = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: events.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: OVERSCAN,
  })
  return (
    <div
      ref={box}
      role="region"
      aria-label="Events"
      // A region that scrolls has to be reachable without a mouse.
      tabIndex={0}
      className="max-h-[min(70dvh,44rem)] overflow-auto rounded-md border bg-surface"
    >
      <ol className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const event = events[index]
          return event === undefined ? null : (
            <li
              key={event.seq}
              aria-setsize={events.length}
              aria-posinset={index + 1}
              className="absolute inset-x-0 border-b"
              style={{ transform: `translateY(${start}px)`, height: ROW }}
            >
              <Row event={event} now={now} onShow={onShow} />
            </li>
          )
        })}
      </ol>
    </div>
  )
}

function Row({
  event,
  now,
  onShow,
}: {
  event: TimelineEvent
  now: number
  onShow: (event: TimelineEvent) => void
}) {
  const { seq, at, sinceMs, level, lateMs } = event
  return (
    <button
      type="button"
      onClick={() => onShow(event)}
      className="grid h-full w-full grid-cols-[3rem_5.5rem_minmax(0,1fr)] items-center gap-x-3 px-3 text-left hover:bg-raised focus-visible:-outline-offset-2 md:grid-cols-[3.5rem_5.5rem_6rem_5.5rem_minmax(0,1fr)_minmax(0,14rem)]"
    >
      <span className="figures text-right text-muted">{seq}</span>
      <span className="figures">{clockText(Date.parse(at), now, true)}</span>
      <span className="figures hidden text-sm text-muted md:block">+{countdownText(sinceMs)}</span>
      <span className="hidden md:block">{level === undefined ? null : <LevelMark level={level} />}</span>
      <span className={`truncate ${event.type === 'command.refused' ? 'text-danger' : ''}`}>
        <bdi>{eventWords(event)}</bdi>
        {lateMs === undefined ? null : (
          <span className="ml-2 text-sm text-muted">{lateText(lateMs)} late</span>
        )}
      </span>
      <span className="hidden truncate text-muted md:block">
        <bdi>{sentence(actorWords(event))}</bdi>
      </span>
    </button>
  )
}
