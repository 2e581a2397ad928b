import type { AnyStateMachine, AnyStateNode, StateValue } from 'xstate'

/** A way out of a state: what takes it, under which guard, and where it leads; null for one that stays. */
export interface ChartTransition {
  /** An event's type, `after NAME` for a delay, `always` for none, `*` for any other. */
  on: string
  guard: string | null
  target: string | null
}

/** A state of a machine; `id` is its path from the root, joined by dots. */
export interface ChartState {
  id: string
  parent: string | null
  name: string
  /** True for the state in which its parent begins. */
  initial: boolean
  transitions: ChartTransition[]
}

/** The states of a machine, parents before what is in them, as declared. Reads the machine and runs nothing. */
export function statechartOf(machine: AnyStateMachine): ChartState[] {
  return [...statesIn(machine.root)]
}

/** The ids of the states that a snapshot's value is in, outermost first. */
export function activeStates(value: StateValue, above = ''): string[] {
  if (typeof value === 'string') return [`${above}${value}`]
  return Object.entries(value).flatMap(([name, inner]) => [
    `${above}${name}`,
    ...(inner === undefined ? [] : activeStates(inner, `${above}${name}.`)),
  ])
}

function* statesIn(node: AnyStateNode): Generator<ChartState> {
  const initial = new Set(node.initial.target.map(({ key }) => key))
  for (const child of Object.values(node.states) as AnyStateNode[]) {
    yield {
      id: child.path.join('.'),
      parent: node.parent === undefined ? null : node.path.join('.'),
      name: child.key,
      // All regions of a parallel state begin together.
      initial: node.type === 'parallel' || initial.has(child.key),
      transitions: transitionsOf(child),
    }
    if (child.type === 'compound' || child.type === 'parallel') yield* statesIn(child)
  }
}

function transitionsOf(node: AnyStateNode): ChartTransition[] {
  const delays = new Map(node.after.map(({ eventType, delay }) => [eventType, `after ${String(delay)}`]))
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])].map(
    ({ eventType, guard, target }) => ({
      on: eventType === '' ? 'always' : (delays.get(eventType) ?? eventType),
      guard: nameOf(guard),
      target: target?.map(({ path }) => path.join('.')).join(', ') ?? null,
    }),
  )
}

function nameOf(guard: unknown): string | null {
  if (guard === undefined) return null
  if (typeof guard === 'string') return guard
  const type: unknown = (guard as { type?: unknown }).type
  return typeof type === 'string' ? type : 'a guard'
}
