import type { NavigateOptions } from '@tanstack/react-router'
import fuzzysort from 'fuzzysort'
import type { IconName } from './components/icon.tsx'
import type { useNavigation } from './navigation.ts'

/** Somewhere that the palette leads to. */
export interface Place {
  key: string
  kind: 'page' | 'agent' | 'incident'
  icon: IconName
  label: string
  /** What is said beside it. */
  about: string
  /** What it is found by. */
  words: string
  link: NavigateOptions
}

/** Entries that are shown at once: the rest is found by another letter. */
const SHOWN_MAX = 30

/** Where the palette can lead: pages, then agents, then incidents. */
export function placesOf(
  pages: ReturnType<typeof useNavigation>,
  agents: readonly { id: string; name: string; kind: string }[],
  incidents: readonly { id: string; title: string; status: string; agent: string }[],
): Place[] {
  return [
    ...pages.map(({ to, label, icon }): Place => ({
      key: `page-${label}`,
      kind: 'page',
      icon,
      label,
      about: '',
      words: label,
      link: { to },
    })),
    ...agents.map(({ id, name, kind }): Place => ({
      key: `agent-${id}`,
      kind: 'agent',
      icon: 'person',
      label: `${id} ${name}`,
      about: kind,
      words: `${id} ${name} ${id.replace('-', ' ')}`,
      link: { to: '/agents/$id', params: { id } },
    })),
    ...incidents.map(({ id, title, status, agent }): Place => ({
      key: `incident-${id}`,
      kind: 'incident',
      icon: 'alarm',
      label: title,
      about: `${status}, ${agent}`,
      words: `${title} ${agent} ${id}`,
      link: { to: '/incidents/$id', params: { id } },
    })),
  ]
}

/** The places that a few letters find, the likeliest first; without letters, the first of them. */
export function found(places: readonly Place[], text: string): Place[] {
  const wanted = text.trim()
  if (wanted === '') return places.slice(0, SHOWN_MAX)
  return fuzzysort
    .go(wanted, places, { key: 'words', limit: SHOWN_MAX, threshold: 0.2 })
    .map(({ obj }) => obj)
}
