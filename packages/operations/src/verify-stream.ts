import { type ActorState, replay } from '@esa/actor'
import { canonicalJson, isEsaError } from '@esa/protocol'
import type { Registry } from '@esa/runtime'
import { recordedSteps, type LockedActor, type StoredEvent, verifyChain } from '@esa/store'
import type { StreamFile } from './stream-file.ts'

/** A place in a stream at which it is not what it should be. */
export interface Fault {
  seq: number
  why: string
}

/** The last event of a stream as it was once: kept outside the database, it shows what was rewritten since. */
export interface Head {
  seq: number
  hash: string
}

/** What a check of one stream found: `unchecked` when this runtime does not know the machine's version. */
export interface StreamCheck {
  replay: 'identical' | 'unchecked' | Fault
  chain: 'unbroken' | Fault
}

/**
 * Runs a stream's recorded inputs again and compares every event and the final state with what is stored, and walks the
 * hash chain. `head` is one that was kept outside the database: only against it a cut tail shows. The stream may have
 * grown since the actor was read.
 */
export function verifyStream(
  registry: Registry,
  actor: LockedActor,
  events: StoredEvent[],
  head?: Head,
): StreamCheck {
  const { state } = actor
  const known = events.filter(({ seq }) => seq <= state.seq)
  return {
    replay: checkReplay(registry, state, known),
    chain: checkChain(events, [{ seq: state.seq, hash: actor.head }, ...(head === undefined ? [] : [head])]),
  }
}

/** The same for a stream in a file: it brings no state with which the last one could be compared. */
export function verifyFile(registry: Registry, file: StreamFile, head?: Head): StreamCheck {
  const { events } = file
  const again = runAgain(registry, file, events)
  const own = { seq: events.length, hash: file.head }
  return {
    replay: again === 'unchecked' || 'why' in again ? again : 'identical',
    chain: checkChain(events, head === undefined ? [own] : [own, head]),
  }
}

function checkChain(events: StoredEvent[], heads: Head[]): StreamCheck['chain'] {
  for (const head of heads) {
    const checked = verifyChain(events, head)
    if (!checked.ok) return { seq: checked.seq, why: checked.why }
  }
  return 'unbroken'
}

function checkReplay(registry: Registry, state: ActorState, events: StoredEvent[]): StreamCheck['replay'] {
  const replayed = runAgain(registry, state, events)
  if (replayed === 'unchecked' || 'why' in replayed) return replayed
  const differing = differences(replayed.state, state)
  if (differing.length === 0) return 'identical'
  return { seq: state.seq, why: `the stored ${differing.join(', ')} is not what its events lead to` }
}

/** The state that recorded inputs lead to, or where their events part from the log. */
function runAgain(
  registry: Registry,
  { type, version }: { type: string; version: number },
  events: StoredEvent[],
): { state: ActorState | null } | Fault | 'unchecked' {
  const definition = registry.find(type, version)
  if (definition === null) return 'unchecked'
  try {
    const replayed = replay(definition, recordedSteps(events))
    return replayed.identical ? { state: replayed.state } : { seq: replayed.seq, why: replayed.why }
  } catch (error) {
    if (!isEsaError(error)) throw error
    return { seq: events[0]?.seq ?? 1, why: error.message }
  }
}

/** The fields in which a stored state is not the replayed one. */
function differences(replayed: ActorState | null, stored: ActorState): string[] {
  return Object.entries(stored)
    .filter(([field, value]) => canonicalJson(value) !== canonicalJson(replayed?.[field as keyof ActorState]))
    .map(([field]) => field)
}
