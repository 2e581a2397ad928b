import { enqueueActions } from 'xstate'
import type { OpenParams, PerformParams, RecordParams, SendParams } from './actor-definition.ts'

/** What an action does, as data: members of the context to set, facts to record, and effects to ask for. */
export interface Change<Context> {
  set?: Partial<Context>
  record?: RecordParams[]
  send?: SendParams[]
  open?: OpenParams[]
  perform?: PerformParams[]
}

/** A pure action: what it does to this context, on this event, with the params that the transition gives it. */
type PureAction = (context: never, event: never, params: never) => Change<object>

/** XState's action of a pure one. An action without a third argument takes no params, and a transition names it by a string. */
type ActionOf<Action> = Action extends (
  context: infer Context,
  event: infer Event,
  params: infer Params,
) => unknown
  ? unknown extends Params
    ? (args: { context: Context; event: Event }) => void
    : (args: { context: Context; event: Event }, params: Params) => void
  : never

/**
 * Makes XState's actions of pure functions: spread the result into `setup({ actions })`. An action that needs the fields of
 * one event takes that event as its third argument, and the transition hands it over by `{ type, params: ({ event }) => event }`:
 * so XState checks it against the events of that very transition.
 */
export function toActions<Actions extends Record<string, PureAction>>(
  actions: Actions,
): { [Name in keyof Actions]: ActionOf<Actions[Name]> } {
  const made = Object.entries(actions).map(([name, action]) => [name, enqueuing(action)])
  return Object.fromEntries(made) as { [Name in keyof Actions]: ActionOf<Actions[Name]> }
}

type Enqueue = { (action: { type: string; params: unknown }): void; assign(set: object): void }

function enqueuing(action: PureAction) {
  return enqueueActions(({ context, event, enqueue }, params) => {
    const change = action(context as never, event as never, params as never)
    const { set, record = [], send = [], open = [], perform = [] } = change
    const queue = enqueue as unknown as Enqueue
    if (set !== undefined) queue.assign(set)
    for (const params of record) queue({ type: 'record', params })
    for (const params of send) queue({ type: 'send', params })
    for (const params of open) queue({ type: 'open', params })
    for (const params of perform) queue({ type: 'perform', params })
  })
}
