import { formatDuration } from '@esa/protocol'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api, body } from '../api.ts'

/** A card is edited now and then, and an incident's own never changes, ms. */
const STALE_MS = 60_000

/** What the escalation lines of an agent's card say, by their number; empty until it is known. */
export function useCardLines(agent: string): ReadonlyMap<number, string> {
  const { data } = useQuery({
    queryKey: ['cards', agent],
    queryFn: () => body(api.agents[':id'].$get({ param: { id: agent } })),
    staleTime: STALE_MS,
  })
  return useMemo(() => {
    const lines = new Map<number, string>()
    for (const { line, level, waitMs, reasons } of data?.card.escalation ?? []) {
      const wait = waitMs === null ? '' : ` (${waitMs === 0 ? 'immediate' : formatDuration(waitMs)})`
      lines.set(line, `${level}: ${reasons.join(', ')}${wait}`)
    }
    return lines
  }, [data])
}
