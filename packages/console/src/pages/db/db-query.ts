import { queryOptions } from '@tanstack/react-query'
import type { InferResponseType } from 'hono/client'
import { api, body } from '../../api.ts'
import { serverNow } from '../../clock.ts'

const targets = api.db.targets

export type TargetBoard = InferResponseType<(typeof targets)[':name']['$get'], 200>
export type MetricTile = TargetBoard['tiles'][number]

/** The databases that this runtime knows by name. */
export const targetsQuery = queryOptions({
  queryKey: ['targets'],
  queryFn: () => body(targets.$get()),
})

/** How far back a board shows, in hours. */
export const SPANS = { '24 h': 24, '7 d': 7 * 24 } as const
export type Span = keyof typeof SPANS

/** The metrics of a target, since so long before now. */
export function boardQuery(name: string, span: Span) {
  return queryOptions({
    queryKey: ['lists', 'target', name, span],
    queryFn: () => {
      const since = new Date(serverNow() - SPANS[span] * 3_600_000).toISOString()
      return body(targets[':name'].$get({ param: { name }, query: { since } }))
    },
    refetchInterval: 10_000,
  })
}
