import { EsaError } from '@esa/protocol'
import type { AnyStateNode } from 'xstate'
import { type ActorDefinition, effects } from './actor-definition.ts'

/** XState's own actions that are pure or that `step` reads as data. Everything else of XState's runs something. */
const PURE_BUILTINS = new Set(['xstate.assign', 'xstate.raise', 'xstate.cancel', 'xstate.enqueueActions'])

/**
 * Refuses, at boot, a machine that could not be stored, replayed or trusted: invoke, spawn, history states, delays that
 * do not exist (XState would fire them at once), actions without a handler, guards without an implementation.
 * @throws EsaError `actor.machine-refused` (bug) that lists every reason.
 */
export function checkDefinition(definition: ActorDefinition): void {
  const faults = [...walk(definition.machine.root)].flatMap((node) => [
    ...structureFaults(node),
    ...delayFaults(node, definition),
    ...actionFaults(node, definition),
    ...guardFaults(node, definition),
  ])
  if (faults.length === 0) return
  const message = `the machine ${definition.type} version ${definition.version} is refused: ${faults.join('; ')}`
  throw new EsaError('actor.machine-refused', 'bug', message, { details: { faults } })
}

function* walk(node: AnyStateNode): Generator<AnyStateNode> {
  yield node
  for (const child of Object.values(node.states)) yield* walk(child as AnyStateNode)
}

function structureFaults(node: AnyStateNode): string[] {
  const faults: string[] = []
  if (node.type === 'history') faults.push(`${node.id} is a history state`)
  if (node.type === 'final')
    faults.push(`${node.id} is final: an ended machine records nothing, tag the state "closed"`)
  if (node.invoke.length > 0) faults.push(`${node.id} invokes an actor`)
  return faults
}

function delayFaults(node: AnyStateNode, { machine }: ActorDefinition): string[] {
  const named = node.after.map(({ delay }) => delay).filter((delay) => typeof delay === 'string')
  return named
    .filter((delay) => !Object.hasOwn(machine.implementations.delays, delay))
    .map((delay) => `${node.id} waits for the delay "${delay}", which does not exist`)
}

function actionFaults(node: AnyStateNode, { machine }: ActorDefinition): string[] {
  const hidden = Object.entries(effects).filter(
    ([name, effect]) => (machine.implementations.actions[name] ?? effect) !== effect,
  )
  if (hidden.length > 0) return [`the effect "${hidden[0]![0]}" is hidden by an action of that name`]
  const transitions = transitionsOf(node).flatMap(({ actions }) => actions)
  const declared: unknown[] = [...node.entry, ...node.exit, ...transitions]
  return declared.flatMap((action) => {
    const name = actionName(action)
    if (name === null) return [`${node.id} has an inline action`]
    if (PURE_BUILTINS.has(name) || Object.hasOwn(effects, name)) return []
    const own: unknown = machine.implementations.actions[name]
    if (own === undefined) return [`${node.id} names the action "${name}", which has no handler`]
    return PURE_BUILTINS.has(actionName(own) ?? '') ? [] : [`the action "${name}" runs code of its own`]
  })
}

function actionName(action: unknown): string | null {
  if (typeof action === 'string') return action
  const type: unknown = (action as { type?: unknown }).type
  return typeof type === 'string' ? type : null
}

function guardFaults(node: AnyStateNode, { machine }: ActorDefinition): string[] {
  return transitionsOf(node)
    .map(({ guard }) => (guard === undefined || typeof guard === 'function' ? null : actionName(guard)))
    .filter(
      (guard): guard is string => guard !== null && !Object.hasOwn(machine.implementations.guards, guard),
    )
    .map((guard) => `${node.id} names the guard "${guard}", which does not exist`)
}

function transitionsOf(node: AnyStateNode): { actions: readonly unknown[]; guard?: unknown }[] {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])]
}
