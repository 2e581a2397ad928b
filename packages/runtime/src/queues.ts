import type { AgentKind } from '@esa/protocol'

/** The queue of each tier. A handful, not one an agent: 105 Workers would hold 212 connections. */
const QUEUE_OF_KIND: Record<AgentKind, string> = {
  ceo: 'ceo',
  chief: 'chiefs',
  domain: 'domains',
  layer: 'layers',
  expert: 'specialists',
  operational: 'specialists',
  'life-ceo': 'specialists',
}

/** Where actors that are not agents (incidents) get their messages. */
export const ACTORS_QUEUE = 'incidents'

/** Where activities wait for a worker. */
export const ACTIVITIES_QUEUE = 'activities'

/** Every queue of a runtime. */
export const QUEUES = [...new Set(Object.values(QUEUE_OF_KIND)), ACTORS_QUEUE, ACTIVITIES_QUEUE]

/** The queue on which an agent of this kind gets its messages. */
export function queueOfKind(kind: AgentKind): string {
  return QUEUE_OF_KIND[kind]
}
