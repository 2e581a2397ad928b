import { queryOptions } from '@tanstack/react-query'
import { api, body } from './api.ts'

/** Every open incident. */
export const openIncidentsQuery = queryOptions({
  queryKey: ['lists', 'incidents', 'open'],
  queryFn: () => body(api.incidents.$get({ query: { open: 'true' } })),
})

/** Every agent with what it has to do with now. */
export const agentsQuery = queryOptions({
  queryKey: ['lists', 'agents'],
  queryFn: () => body(api.agents.$get()),
})
