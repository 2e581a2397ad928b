import { queryOptions } from '@tanstack/react-query'
import type { InferResponseType } from 'hono/client'
import { api, body } from '../../api.ts'

export type OrgGraph = InferResponseType<typeof api.org.$get, 200>
export type OrgAgent = OrgGraph['agents'][number]

/** The organization now, or at an instant of the past, which no later event changes. */
export function orgQuery(at?: string) {
  return queryOptions({
    queryKey: at === undefined ? ['lists', 'org'] : ['org at', at],
    queryFn: () => body(api.org.$get({ query: at === undefined ? {} : { at } })),
  })
}
