import { queryOptions } from '@tanstack/react-query'
import type { InferResponseType } from 'hono/client'
import { api, body } from '../../api.ts'

export type InboxItem = InferResponseType<typeof api.inbox.$get, 200>['items'][number]

/** What waits for an answer, in all inboxes or in one. */
export function inboxQuery(agent?: string) {
  return queryOptions({
    queryKey: ['lists', 'inbox', agent ?? null],
    queryFn: () => body(api.inbox.$get({ query: agent === undefined ? {} : { agent } })),
  })
}
