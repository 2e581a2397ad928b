import { getRouteApi } from '@tanstack/react-router'
import { useCallback, useEffect, useState } from 'react'
import { SearchField } from '../components/search-field.tsx'
import { Empty, Failed, Loading } from '../components/states.tsx'
import { ViewSwitch } from '../components/view-switch.tsx'
import { IncidentRows } from '../incidents/incident-rows.tsx'
import { useIncidentList } from '../incidents/use-incident-list.ts'
import { type IncidentsSearch, LEVEL_CHOICES } from './incidents-search.ts'

const route = getRouteApi('/incidents')

/** Between the last letter and the question, ms: each question reads the store. */
const TYPING_MS = 200

/** Incidents by filter: open or all, a tier, an agent, words. */
export function IncidentsPage() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const { all = false, level, agent, text } = search
  const { query, incidents } = useIncidentList({ open: !all, level, agent, text })
  const change = useCallback(
    (change: Partial<IncidentsSearch>) =>
      void navigate({ search: (before) => ({ ...before, ...change }), replace: true }),
    [navigate],
  )
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage()
  }, [isFetchingNextPage, fetchNextPage])
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h1>Incidents</h1>
        <p role="status" className="figures text-muted">
          {query.data === undefined
            ? ''
            : `${incidents.length.toLocaleString('en-GB')}${hasNextPage ? '+' : ''} shown`}
        </p>
      </div>
      <Filters search={search} onChange={change} />
      {query.error !== null ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.data === undefined ? (
        <Loading what="incidents" lines={8} />
      ) : incidents.length === 0 ? (
        <Nothing filtered={level !== undefined || agent !== undefined || text !== undefined} all={all} />
      ) : (
        <IncidentRows incidents={incidents} hasMore={hasNextPage} onMore={more} />
      )}
    </div>
  )
}

interface FiltersProps {
  search: IncidentsSearch
  onChange: (change: Partial<IncidentsSearch>) => void
}

function Filters({ search: { all = false, level, agent, text }, onChange }: FiltersProps) {
  const [words, setWords] = useTyped(text, (typed) => onChange({ text: typed }))
  const [opener, setOpener] = useTyped(agent, (typed) => onChange({ agent: typed }))
  return (
    <div className="flex flex-wrap items-center gap-2">
      <ViewSwitch
        label="Which incidents"
        options={['open', 'all']}
        value={all ? 'all' : 'open'}
        onChoose={(view) => onChange({ all: view === 'all' ? true : undefined })}
      />
      <label className="flex items-center gap-1.5 text-muted">
        Tier
        <select
          value={level ?? ''}
          onChange={({ target }) => onChange({ level: LEVEL_CHOICES.find((one) => one === target.value) })}
          className="touch rounded-md border border-edge bg-surface px-2 text-ink"
        >
          <option value="">any</option>
          {LEVEL_CHOICES.map((one) => (
            <option key={one} value={one}>
              {one === 'ceo' ? 'CEO' : one}
            </option>
          ))}
        </select>
      </label>
      <label className="flex items-center gap-1.5 text-muted">
        Agent
        <input
          value={opener}
          placeholder="layer-1"
          onChange={({ target }) => setOpener(target.value)}
          className="touch w-28 rounded-md border border-edge bg-surface px-2 text-ink placeholder:text-muted"
        />
      </label>
      <SearchField label="Words in the title" text={words} onText={setWords} />
    </div>
  )
}

/** A field whose value is used once the typing pauses. */
function useTyped(value: string | undefined, onTyped: (text: string | undefined) => void) {
  const [typed, setTyped] = useState(value ?? '')
  useEffect(() => {
    const wish = typed.trim() === '' ? undefined : typed.trim()
    if (wish === value) return
    const timer = setTimeout(() => onTyped(wish), TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, value, onTyped])
  return [typed, setTyped] as const
}

function Nothing({ filtered, all }: { filtered: boolean; all: boolean }) {
  if (filtered) return <Empty title="No incident fits.">Take a word or a choice away.</Empty>
  return all ? (
    <Empty title="There has been no incident yet.">
      Open one with <code className="font-mono">esa incidents open</code>, or let Layer 1 watch a database.
    </Empty>
  ) : (
    <Empty title="No incident is open.">Closed ones are under “all”.</Empty>
  )
}
