import { queryOptions } from '@tanstack/react-query'
import type { InferResponseType } from 'hono/client'
import { api, body } from '../../api.ts'

type AgentPageData = InferResponseType<(typeof api.agents)[':id']['$get'], 200>

export type AgentCard = AgentPageData['card']
export type AgentState = AgentPageData['state']
export type AgentFigures = AgentPageData['figures']
export type LogEntry = AgentPageData['events'][number]
export type Statechart = InferResponseType<(typeof api.statecharts)[':id']['$get'], 200>

/** Everything about an agent. Other streams move it too: an incident that is put to it is none of its own events. */
export function agentQuery(id: string) {
  return queryOptions({
    queryKey: ['lists', 'agent', id],
    queryFn: () => body(api.agents[':id'].$get({ param: { id } })),
  })
}

/** Its machine, and the agent's current state. */
export function statechartQuery(id: string) {
  return queryOptions({
    queryKey: ['stream', id, 'statechart'],
    queryFn: () => body(api.statecharts[':id'].$get({ param: { id } })),
  })
}
