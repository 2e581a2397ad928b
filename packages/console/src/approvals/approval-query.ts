import { queryOptions } from '@tanstack/react-query'
import type { InferResponseType } from 'hono/client'
import { api, body } from '../api.ts'

export type Approval = InferResponseType<(typeof api.approvals)[':id']['$get'], 200>

/** True while votes count, or what was given waits to be run. */
export function isOpen({ status }: Approval): boolean {
  return status === 'asked' || status === 'partly' || status === 'granted'
}

/** The approvals that are open, or all those for one incident. */
export function approvalsQuery(incident?: string) {
  return queryOptions({
    queryKey: ['lists', 'approvals', incident ?? null],
    queryFn: () =>
      body(api.approvals.$get({ query: incident === undefined ? {} : { incident } })).then(
        ({ approvals }) => approvals,
      ),
  })
}
