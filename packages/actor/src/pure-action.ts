import type { OpenParams, PerformParams, RecordParams, SendParams } from './actor-definition.ts'

/** What an action does, as data: members of the context to set, facts to record, and effects to ask for. */
export interface Change<Context> {
  set?: Partial<Context>
  record?: RecordParams[]
  send?: SendParams[]
  open?: OpenParams[]
  perform?: PerformParams[]
}

type Enqueue = { (action: { type: string; params: unknown }): void; assign(set: object): void }
type Arguments<Context> = { context: Context; event: unknown; enqueue: unknown }

/**
 * Makes XState's action of a pure function: pass the result to `enqueueActions`. The event's type is the caller's claim,
 * as it depends on the transition that names the action.
 */
export function doing<Context>(
  action: (context: Context, event: never) => Change<Context>,
): (args: Arguments<Context>) => void {
  return ({ context, event, enqueue }) => {
    const { set, record = [], send = [], open = [], perform = [] } = action(context, event as never)
    const queue = enqueue as Enqueue
    if (set !== undefined) queue.assign(set)
    for (const params of record) queue({ type: 'record', params })
    for (const params of send) queue({ type: 'send', params })
    for (const params of open) queue({ type: 'open', params })
    for (const params of perform) queue({ type: 'perform', params })
  }
}
