import { queryOptions } from '@tanstack/react-query'
import { api, body } from './api.ts'

/** Incidents, open or over, the newest first. */
export const recentIncidentsQuery = queryOptions({
  queryKey: ['lists', 'incidents', 'recent'],
  queryFn: () => body(api.incidents.$get({ query: {} })),
})
