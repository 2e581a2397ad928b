import type { Change } from '@esa/actor'
import { type JsonObject, textOf } from '@esa/protocol'
import {
  type AgentContext,
  followedBy,
  type Notice,
  objectOf,
  receive,
  type Skill,
  without,
} from '@esa/behavior'

/** Orders whose report is waited for: as many as acknowledged incidents are remembered. */
const ORDERS_MAX = 1_000

/**
 * Orders a task about an incident from its opener. What was ordered from whom is remembered by the incident's id:
 * no other agent's message, and none about anything else, is taken for its report.
 */
export function order(
  context: AgentContext,
  { agent, incidentId }: Notice,
  task: string,
  data: JsonObject,
): Change<AgentContext> {
  const others = Object.entries(without(ordersOf(context), incidentId)).slice(1 - ORDERS_MAX)
  const orders: JsonObject = { ...Object.fromEntries(others), [incidentId]: { to: agent, task } }
  return {
    set: { memory: { ...context.memory, orders } },
    send: [{ to: agent, type: 'task_request', body: { task, data: { incidentId, ...data } } }],
  }
}

/**
 * What a chief does with the report of a task that it ordered, once: any other report is received like every message, and
 * so are all while a person sits here, who decides what becomes of the incident.
 */
export function onReport(task: string, skill: Skill): Skill {
  return (context, event) => {
    const incidentId = textOf(objectOf(event['result'])['incidentId'])
    const { to, task: ordered } = objectOf(ordersOf(context)[incidentId])
    if (event['task'] !== task || ordered !== task || to !== event.from) return receive(context, event)
    const orders = without(ordersOf(context), incidentId)
    const ended: Change<AgentContext> = { set: { memory: { ...context.memory, orders } } }
    return followedBy(ended, (context.seat === 'human' ? receive : skill)(context, event))
  }
}

function ordersOf({ memory }: AgentContext): JsonObject {
  return objectOf(memory['orders'])
}
