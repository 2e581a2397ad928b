import type { ActorState, ArmedTimer } from '@esa/actor'
import { expect } from 'vitest'
import type { ActorWrite, Commit, LockedActor, NewActivity, NewMessage, Store } from '../src/store.ts'

/** A store under test, and what its adapter must be able to do so that the suite needs no sleep. */
export interface StoreHarness {
  store: Store
  /** Another handle on the same data, as a second process would have. */
  second: () => Promise<Store>
  /** Lets time pass for all that is in the store. */
  pass: (ms: number) => Promise<void>
  /** False where no notification arrives, behind a transaction-mode pooler: there only a poll finds what was committed. */
  hears: boolean
  /** The next commit of `store` happens, and its answer is lost. */
  loseNextCommit: () => void
  close: () => Promise<void>
}

/** When the rows of the suite begin: the store's clock is far behind us, so that only what a case arms is due. */
export const AT = 1_000

/** A context with everything that JSON can say. */
export const CONTEXT = {
  title: 'Größe – 大 "quoted" \\ 🚨',
  ratio: 0.1,
  most: Number.MAX_SAFE_INTEGER,
  least: -1e-9,
  none: null,
  flags: [true, false, null, [], {}],
  nested: { b: { z: 1, a: [2, { y: 'x' }] }, a: '' },
}

/** The first write of a new actor: one event, input id `start:ID`. */
export function opening(id: string, patch: Partial<ActorState> = {}, key: string | null = null): ActorWrite {
  const state: ActorState = {
    id,
    type: 'bell',
    version: 1,
    status: 'waiting',
    live: true,
    seq: 1,
    at: AT,
    epoch: 1,
    timer: null,
    snapshot: { value: { open: 'waiting' }, context: CONTEXT },
    ...patch,
  }
  const event = { seq: 1, at: AT, type: 'bell.started', epoch: 1, data: { by: 'agent-0' } }
  const input = { kind: 'start', id: `start:${id}`, input: CONTEXT, event: {} } as const
  return { locked: null, key, state, steps: [{ input, env: { at: AT, unreachable: [] }, events: [event] }] }
}

/** One more step of an actor, with one event, caused by input `inputId`. */
export function nextStep(locked: LockedActor, inputId: string, patch: Partial<ActorState> = {}): ActorWrite {
  const seq = locked.state.seq + 1
  const event = { seq, at: AT, type: 'bell.told', epoch: locked.state.epoch, data: { by: inputId } }
  const input = { kind: 'event', id: inputId, event: { type: 'tell' } } as const
  const env = { at: AT, unreachable: ['layer-2'] }
  return {
    locked,
    key: locked.key,
    state: { ...locked.state, seq, ...patch },
    steps: [{ input, env, events: [event] }],
  }
}

/** A commit with nothing in it but what is given. */
export function commitOf(parts: Partial<Commit>): Commit {
  return { at: AT, actors: [], messages: [], activities: [], doneMessages: [], rung: true, ...parts }
}

/** Commits in one transaction. */
export async function put(store: Store, parts: Partial<Commit>): Promise<void> {
  await store.transact((tx) => tx.write(commitOf(parts)))
}

/** Takes one step on one actor in one transaction. */
export async function advance(
  store: Store,
  id: string,
  inputId: string,
  patch: Partial<ActorState> = {},
): Promise<void> {
  await store.transact(async (tx) => {
    const [locked] = await tx.lockActors([id])
    await tx.write(commitOf({ actors: [nextStep(locked!, inputId, patch)] }))
  })
}

/** A timer of no particular kind. */
export function timerAt(dueAt: number): ArmedTimer {
  return { kind: 'pause', dueAt, event: 'xstate.after.pause.bell.waiting' }
}

/** A message to one actor. */
export function messageTo(toActor: string, id: string): NewMessage {
  return {
    id,
    queue: 'layer',
    toActor,
    toType: null,
    toKey: null,
    from: 'agent-0',
    type: 'request',
    body: { ask: id, ...CONTEXT },
    correlationId: 'c1',
    causationId: null,
    hops: 3,
  }
}

/** How long one run of the suite's activities may take. */
export const TIMEOUT_MS = 3_000_000

/** An activity of one actor. */
export function activityOf(actorId: string, id: string): NewActivity {
  return { id, actorId, queue: 'layer', activity: 'measure', input: CONTEXT, timeoutMs: TIMEOUT_MS }
}

/** Matches a transient EsaError with this code. */
export function refusal(code: string): unknown {
  return expect.objectContaining({ name: 'EsaError', code, kind: 'transient' })
}

/** A point that one part of a test reaches and another waits for. */
export function signal(): { reach: () => void; reached: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { reach: resolve, reached: promise }
}
