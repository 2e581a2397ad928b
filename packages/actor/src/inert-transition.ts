import {
  type AnyActorScope,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  type ExecutableActionsFrom,
} from 'xstate'

/** What XState decided: the next snapshot, and what was to be done. Nothing of it was done. */
export type Transition = [AnyMachineSnapshot, ExecutableActionsFrom<AnyStateMachine>[]]

/**
 * XState's `transition`, with one scope a machine instead of one a call: building a scope starts an actor whose snapshot
 * no code reads, which costs more than the transition. A machine here has no children, so a scope keeps nothing.
 */
export function inertTransition(
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  event: AnyEventObject,
): Transition {
  return collecting(machine, (scope) => machine.transition(snapshot, event, scope))
}

/** XState's `initialTransition`, likewise. */
export function inertStart(machine: AnyStateMachine, input: unknown): Transition {
  return collecting(machine, (scope) => machine.getInitialSnapshot(scope, input))
}

const scopes = new WeakMap<AnyStateMachine, AnyActorScope>()

function collecting(
  machine: AnyStateMachine,
  take: (scope: AnyActorScope) => AnyMachineSnapshot,
): Transition {
  let scope = scopes.get(machine)
  if (scope === undefined) scopes.set(machine, (scope = scopeOf(machine)))
  const actions: ExecutableActionsFrom<AnyStateMachine>[] = []
  scope.actionExecutor = (action) => void actions.push(action as ExecutableActionsFrom<AnyStateMachine>)
  return [take(scope), actions]
}

/** A scope in which nothing happens, as XState's own pure functions build it. */
function scopeOf(machine: AnyStateMachine): AnyActorScope {
  const self = createActor(machine)
  return {
    self,
    system: self.system,
    id: '',
    sessionId: '',
    logger: () => {},
    defer: () => {},
    stopChild: () => {},
    emit: () => {},
    actionExecutor: () => {},
  } as AnyActorScope
}
