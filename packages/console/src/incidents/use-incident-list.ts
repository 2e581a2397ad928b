import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef } from 'react'
import { api, body, type Incident } from '../api.ts'
import { onStreams } from '../live.ts'

/** Which incidents are listed. */
export interface IncidentFilter {
  open: boolean
  level?: 'peer' | 'domain' | 'chief' | 'ceo' | undefined
  agent?: string | undefined
  text?: string | undefined
}

/** Incidents of one page: a screen shows thirty. */
const PAGE = 500

/** Changed incidents that are fetched one by one; more at once are quicker read as a list. */
const ONE_BY_ONE_MAX = 20

/** A burst of events becomes one look, ms. */
const LOOK_EVERY_MS = 300

interface Page {
  incidents: Incident[]
  next: string | null
}

/** The incidents of a filter, newest first, page by page as they are looked at. What changes is fetched again by itself, and not the list. */
export function useIncidentList(filter: IncidentFilter) {
  const { open, level, agent, text } = filter
  const key = useMemo(() => ['incidents', { open, level, agent, text }] as const, [open, level, agent, text])
  const query = useInfiniteQuery({
    queryKey: key,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => fetchPage(filter, pageParam),
    getNextPageParam: ({ next }) => next,
    // To compare ten thousand incidents member by member takes longer than to draw thirty.
    structuralSharing: false,
  })
  useChanges(key, filter)
  const incidents = useMemo(() => query.data?.pages.flatMap((page) => page.incidents) ?? [], [query.data])
  return { query, incidents }
}

function fetchPage({ open, level, agent, text }: IncidentFilter, cursor: string | null): Promise<Page> {
  return body(
    api.incidents.$get({
      query: {
        limit: String(PAGE),
        ...(open ? { open: 'true' } : {}),
        ...(level === undefined ? {} : { level }),
        ...(agent === undefined ? {} : { agent }),
        ...(text === undefined ? {} : { search: text }),
        ...(cursor === null ? {} : { cursor }),
      },
    }),
  )
}

/** Fetches what events concern: incidents that are in the list by themselves, new ones with the list's beginning. */
function useChanges(key: readonly unknown[], filter: IncidentFilter): void {
  const client = useQueryClient()
  const latest = useRef(filter)
  useEffect(() => {
    latest.current = filter
  })
  useEffect(() => {
    const grown = new Set<string>()
    let timer: ReturnType<typeof setTimeout> | null = null
    const look = async (): Promise<void> => {
      const data = client.getQueryData<InfiniteData<Page>>(key)
      const known = new Set(data?.pages.flatMap((page) => page.incidents.map(({ id }) => id)))
      const changed = [...grown].filter((id) => known.has(id))
      grown.clear()
      if (changed.length > ONE_BY_ONE_MAX) await client.invalidateQueries({ queryKey: key })
      else {
        // One page holds whatever opened since; an unknown id changes nothing.
        const [first, ...fresh] = await Promise.all([
          fetchPage(latest.current, null),
          ...changed.map((id) => body(api.incidents[':id'].$get({ param: { id } }))),
        ])
        client.setQueryData<InfiniteData<Page>>(key, (now) => merged(now, first, fresh, latest.current))
      }
      timer = null
      if (grown.size > 0) schedule()
    }
    const schedule = (): void => {
      timer ??= setTimeout(() => {
        // A look that fails is made up for by the next event, or by the reconnect.
        look().catch(() => (timer = null))
      }, LOOK_EVERY_MS)
    }
    const forget = onStreams((streams) => {
      for (const id of streams) grown.add(id)
      schedule()
    })
    return () => {
      forget()
      if (timer !== null) clearTimeout(timer)
    }
  }, [client, key])
}

function merged(
  data: InfiniteData<Page> | undefined,
  first: Page,
  fresh: readonly Incident[],
  filter: IncidentFilter,
): InfiniteData<Page> | undefined {
  if (data === undefined) return undefined
  const known = new Set(data.pages.flatMap((page) => page.incidents.map(({ id }) => id)))
  const newest = first.incidents.filter(({ id }) => !known.has(id))
  const byId = new Map([...first.incidents, ...fresh].map((incident) => [incident.id, incident]))
  const pages = data.pages.map((page, n) => ({
    ...page,
    incidents: [
      ...(n === 0 ? newest : []),
      ...page.incidents
        .map((incident) => byId.get(incident.id) ?? incident)
        .filter((one) => fits(one, filter)),
    ],
  }))
  return { ...data, pages }
}

/** What changed may have left the list: it was resolved, or it climbed. */
function fits({ status, level }: Incident, filter: IncidentFilter): boolean {
  if (filter.open && status === 'resolved') return false
  return filter.level === undefined || level === filter.level
}
