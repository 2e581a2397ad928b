/** The tiers that a list can be narrowed to. */
export const LEVEL_CHOICES = ['peer', 'domain', 'chief', 'ceo'] as const

/** What the address of the list says: all instead of the open ones, a tier, an opener, words. */
export interface IncidentsSearch {
  all?: boolean | undefined
  level?: (typeof LEVEL_CHOICES)[number] | undefined
  agent?: string | undefined
  text?: string | undefined
}

/** Reads the address; what makes no sense is left out. */
export function incidentsSearch(search: Record<string, unknown>): IncidentsSearch {
  const level = LEVEL_CHOICES.find((known) => known === search['level'])
  const word = (key: string) => {
    const value = search[key]
    return typeof value === 'string' && value !== '' ? { [key]: value } : {}
  }
  return {
    ...(search['all'] === true ? { all: true } : {}),
    ...(level === undefined ? {} : { level }),
    ...word('agent'),
    ...word('text'),
  }
}
