import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useId, useMemo, useRef, useState } from 'react'
import { Icon } from './components/icon.tsx'
import { useNavigation } from './navigation.ts'
import { agentsQuery } from './open-incidents.ts'
import { found, type Place, placesOf } from './palette-places.ts'
import { recentIncidentsQuery } from './recent-incidents.ts'

const GROUPS = { page: 'Page', agent: 'Agent', incident: 'Incident' } as const

/** Finds any page, agent or incident by a few of its letters, and goes there. By the ARIA pattern of a combobox with a list. */
export function Palette({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const list = useId()
  const navigate = useNavigate()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const places = usePlaces(text)
  const shown = useMemo(() => found(places, text), [places, text])
  const chosen = shown[Math.min(at, shown.length - 1)]
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  const go = (place: Place | undefined): void => {
    if (place === undefined) return
    onClose()
    void navigate(place.link)
  }
  return (
    <dialog
      ref={dialog}
      aria-label="Find an agent, an incident or a page"
      onCancel={onClose}
      closedby="any"
      onClose={onClose}
      className="mx-auto mt-[10vh] w-[min(40rem,calc(100vw-1.5rem))] rounded-lg border border-edge bg-surface p-0 text-ink shadow-2xl"
    >
      <div className="flex items-center gap-2 border-b px-4">
        <Icon name="search" className="text-muted" />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={chosen === undefined ? undefined : `${list}-${chosen.key}`}
          aria-label="Find an agent, an incident or a page"
          placeholder="An agent, an incident or a page"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={({ target }) => {
            setText(target.value)
            setAt(0)
          }}
          onKeyDown={(event) => {
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
            if (step !== undefined) {
              event.preventDefault()
              setAt((at + step + shown.length) % Math.max(1, shown.length))
            } else if (event.key === 'Enter') {
              event.preventDefault()
              go(chosen)
            }
          }}
          className="w-full bg-transparent py-3 text-lg outline-none placeholder:text-muted"
        />
      </div>
      <div id={list} role="listbox" aria-label="Found" className="max-h-[55vh] overflow-y-auto p-2">
        {shown.map((place) => (
          <Entry
            key={place.key}
            id={`${list}-${place.key}`}
            place={place}
            chosen={place === chosen}
            onChoose={() => go(place)}
          />
        ))}
      </div>
      <p role="status" className="border-t px-4 py-2 text-sm text-muted">
        {shown.length === 0
          ? 'Nothing like that.'
          : `${shown.length} found. Arrows choose, Enter goes there, Escape closes.`}
      </p>
    </dialog>
  )
}

interface EntryProps {
  id: string
  place: Place
  chosen: boolean
  onChoose: () => void
}

function Entry({ id, place: { kind, icon, label, about }, chosen, onChoose }: EntryProps) {
  const row = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (chosen) row.current?.scrollIntoView({ block: 'nearest' })
  }, [chosen])
  return (
    // Keys go to the field above, which names the chosen entry; this one takes the mouse.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- see above
    <div
      ref={row}
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      onClick={onChoose}
      className="flex cursor-pointer items-center gap-2 rounded px-2 py-1.5 aria-selected:bg-accent aria-selected:text-on-accent"
    >
      <Icon name={icon} />
      <bdi className="min-w-0 truncate">{label}</bdi>
      <span className="ml-auto shrink-0 text-sm opacity-75">{about === '' ? GROUPS[kind] : about}</span>
    </div>
  )
}

/** The newest incidents are at hand at once; older ones come from the server while typing. */
function usePlaces(text: string): Place[] {
  const pages = useNavigation()
  const { data: agents } = useQuery(agentsQuery)
  const { data: recent } = useQuery(recentIncidentsQuery(''))
  const { data: searched } = useQuery(recentIncidentsQuery(text))
  return useMemo(() => {
    const incidents = [...(recent?.incidents ?? []), ...(searched?.incidents ?? [])]
    const once = new Map(incidents.map((incident) => [incident.id, incident]))
    return placesOf(pages, agents?.agents ?? [], [...once.values()])
  }, [pages, agents, recent, searched])
}
