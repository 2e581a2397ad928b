import type { OrgGraph } from './org-query.ts'

/** A request, and who must answer it. */
export interface Question {
  row: string
  from: string
  to: string
  kind: 'message' | 'incident'
  id: string
  subject: string | null
  /** True for an incident that a notified agent holds. */
  held: boolean
  dueAt: string | null
}

/** Pending requests, the next deadline first; those without one last. */
export function questionsOf({ agents, edges }: OrgGraph, titles: ReadonlyMap<string, string>): Question[] {
  const subjects = new Map(
    agents.flatMap(({ awaits }) => awaits.map(({ messageId, subject }) => [messageId, subject])),
  )
  const holders = new Set(
    agents.flatMap(({ id, incidents: { held } }) => held.map((incident) => `${incident} ${id}`)),
  )
  return edges
    .flatMap(({ kind, from, to, about, dueAt }): Question[] => {
      if (kind === 'reports' || about === null) return []
      const subject = (kind === 'awaits' ? subjects : titles).get(about) ?? null
      return [
        {
          row: `${about} ${to}`,
          from,
          to,
          kind: kind === 'awaits' ? 'message' : 'incident',
          id: about,
          subject,
          held: holders.has(`${about} ${to}`),
          dueAt,
        },
      ]
    })
    .toSorted((a, b) => (a.dueAt ?? '~').localeCompare(b.dueAt ?? '~'))
}
