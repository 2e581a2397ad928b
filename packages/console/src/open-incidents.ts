import { queryOptions } from '@tanstack/react-query'
import { api, body } from './api.ts'

/** As many as the server gives at once; the rest is in the list. */
const OPEN_MAX = '1000'

/** Every open incident. */
export const openIncidentsQuery = queryOptions({
  queryKey: ['lists', 'incidents', 'open'],
  queryFn: () => body(api.incidents.$get({ query: { open: 'true', limit: OPEN_MAX } })),
})

/** Every agent with what it has to do with now. */
export const agentsQuery = queryOptions({
  queryKey: ['lists', 'agents'],
  queryFn: () => body(api.agents.$get()),
})
