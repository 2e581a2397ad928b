import { foldStory, type Story as FoldedStory, type TimelineEvent } from '@esa/escalation'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api, body } from '../api.ts'

/** An incident as it is, and its log; both are fetched again at each event of it. */
export function useIncident(id: string) {
  const incident = useQuery({
    queryKey: ['stream', id, 'incident'],
    queryFn: () => body(api.incidents[':id'].$get({ param: { id } })),
  })
  const log = useQuery({
    queryKey: ['stream', id, 'timeline'],
    queryFn: () => body(api.incidents[':id'].timeline.$get({ param: { id } })),
    // A log only grows: comparing what it had costs more than folding it again.
    structuralSharing: false,
  })
  const events = log.data?.events as TimelineEvent[] | undefined
  const story = useMemo((): FoldedStory | null => {
    const first = events?.[0]
    return events === undefined || first === undefined ? null : foldStory(events, Date.parse(first.at))
  }, [events])
  return { incident, log, events, story }
}
