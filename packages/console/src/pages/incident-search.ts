/** The views of an incident's page, in order. */
export const INCIDENT_TABS = ['timeline', 'evidence', 'events', 'replay'] as const
export type IncidentTab = (typeof INCIDENT_TABS)[number]

/** What the address of an incident's page says beside its id: the view, and the event of a replay. */
export interface IncidentSearch {
  tab?: IncidentTab
  seq?: number
}

/** Reads the address; what makes no sense is left out. */
export function incidentSearch(search: Record<string, unknown>): IncidentSearch {
  const tab = INCIDENT_TABS.find((known) => known === search['tab'])
  const seq = Number(search['seq'])
  return {
    ...(tab === undefined ? {} : { tab }),
    ...(Number.isSafeInteger(seq) && seq > 0 ? { seq } : {}),
  }
}
