import { queryOptions } from '@tanstack/react-query'
import { api, body } from './api.ts'

/** Letters from which on the server is searched, which knows more incidents than a page does. */
const SEARCHED_FROM = 3

/** Incidents, open or over, the newest first: of all of them those that fit what is looked for. */
export function recentIncidentsQuery(text: string) {
  const search = text.trim().length < SEARCHED_FROM ? '' : text.trim()
  return queryOptions({
    queryKey: ['lists', 'incidents', 'recent', search],
    queryFn: () => body(api.incidents.$get({ query: search === '' ? {} : { search } })),
  })
}
