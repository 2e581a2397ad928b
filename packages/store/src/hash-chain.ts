import { hash as digest } from 'node:crypto'
import type { ActorEvent, RecordedStep } from '@esa/actor'
import { canonicalJson, EsaError } from '@esa/protocol'
import type { StepWrite, StoredEvent } from './store.ts'

/** The head of a stream that has no event yet. */
export const GENESIS_HEAD = ''

/** What `verifyChain` found: nothing, or the first event that is not what was written. */
export type ChainCheck = { ok: true } | { ok: false; seq: number; why: string }

/**
 * The rows that steps add to a stream whose last hash is `head`, and the head after them.
 * A step's input and env stand on its first event, so a step without an event leaves no row.
 */
export function chainSteps(
  stream: string,
  head: string,
  steps: StepWrite[],
): { rows: StoredEvent[]; head: string } {
  const rows: StoredEvent[] = []
  let last = head
  for (const { input, env, events } of steps) {
    for (const [index, event] of events.entries()) {
      const recorded =
        index === 0 ? { inputId: input.id, input, env } : { inputId: null, input: null, env: null }
      const row = { ...event, stream, ...recorded }
      last = linkHash(last, row)
      rows.push({ ...row, hash: last })
    }
  }
  return { rows, head: last }
}

/**
 * Checks a whole stream in order from its first event: a flipped, deleted, inserted or reordered row is found.
 * A cut tail or a stream recomputed from end to end is found only against a `head` kept outside; the stream may
 * have grown since that head was taken.
 */
export function verifyChain(events: StoredEvent[], head?: { seq: number; hash: string }): ChainCheck {
  let last = GENESIS_HEAD
  const stream = events[0]?.stream
  for (const [index, event] of events.entries()) {
    const seq = index + 1
    if (event.seq !== seq) return { ok: false, seq, why: `event ${seq} expected, event ${event.seq} found` }
    if (event.stream !== stream) return { ok: false, seq, why: `event ${seq} belongs to ${event.stream}` }
    last = linkHash(last, event)
    if (event.hash !== last) return { ok: false, seq, why: `event ${seq} does not match its hash` }
  }
  return head === undefined ? { ok: true } : checkHead(events, head)
}

/**
 * The steps a stream was written in, for a replay.
 * @throws EsaError `store.headless-step` (terminal) when the first event does not open a step: the stream was not read from the start of one.
 */
export function recordedSteps(events: StoredEvent[]): RecordedStep[] {
  const steps: RecordedStep[] = []
  for (const stored of events) {
    const { stream, input, env } = stored
    const event = actorEventOf(stored)
    if (input !== null && env !== null) {
      steps.push({ input, env, events: [event] })
      continue
    }
    const current = steps.at(-1)
    if (current === undefined) {
      throw new EsaError(
        'store.headless-step',
        'terminal',
        `event ${event.seq} of ${stream} has no input before it`,
      )
    }
    current.events.push(event)
  }
  return steps
}

function actorEventOf({ seq, at, type, epoch, level, actor, lateMs, data }: StoredEvent): ActorEvent {
  return {
    seq,
    at,
    type,
    epoch,
    ...(level === undefined ? {} : { level }),
    ...(actor === undefined ? {} : { actor }),
    ...(lateMs === undefined ? {} : { lateMs }),
    data,
  }
}

function checkHead(events: StoredEvent[], head: { seq: number; hash: string }): ChainCheck {
  const found = head.seq === 0 ? GENESIS_HEAD : events[head.seq - 1]?.hash
  if (found === head.hash) return { ok: true }
  if (found === undefined) {
    const seq = events.length + 1
    return {
      ok: false,
      seq,
      why: `the stream ends at event ${events.length}, its head was event ${head.seq}`,
    }
  }
  return { ok: false, seq: head.seq, why: `event ${head.seq} is not the head that was kept` }
}

type Unlinked = ActorEvent & Pick<StoredEvent, 'stream' | 'inputId' | 'input' | 'env'>

/**
 * SHA-256 of the hash before, a newline, and the event's canonical JSON. Absent members are left out, so that null in a
 * column and a missing member are the same. Node's own digest: in plain JavaScript, hashing took half the time of a step
 * in memory.
 */
function linkHash(previous: string, event: Unlinked): string {
  const { stream, seq, at, type, epoch, level, actor, lateMs, data, inputId, input, env } = event
  const recorded = { inputId: inputId ?? undefined, input: input ?? undefined, env: env ?? undefined }
  const linked = { stream, seq, at, type, epoch, level, actor, lateMs, data, ...recorded }
  return digest('sha256', `${previous}\n${canonicalJson(linked)}`)
}
