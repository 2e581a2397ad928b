import { type ActorState, replay } from '@esa/actor'
import { EsaError } from '@esa/protocol'
import type { Registry } from '@esa/runtime'
import { type LockedActor, recordedSteps, type StoredEvent, verifyChain } from '@esa/store'
import * as z from 'zod'

const FORMAT = { format: 'esa.stream', formatVersion: 1 } as const

/** Ids of actors: a ULID, or an agent's. A file is named after it, so nothing else may stand in one. */
const idSchema = z.string().regex(/^[\w-]{1,64}$/)
const headerSchema = z.object({
  id: idSchema,
  type: z.string(),
  version: z.int().positive(),
  head: z.string(),
})
/** The first line of an exported stream, and the line of an actor in a file of `esa retain`. */
const headSchema = z.union([
  z.object({ format: z.literal(FORMAT.format), formatVersion: z.literal(FORMAT.formatVersion) }),
  z.object({ kind: z.literal('actor') }),
])
const json = z.record(z.string(), z.json())
const eventSchema = z.object({
  stream: z.string(),
  seq: z.int().positive(),
  at: z.int(),
  type: z.string(),
  epoch: z.int(),
  level: z.string().optional(),
  actor: z.string().optional(),
  lateMs: z.int().optional(),
  data: json,
  inputId: z.string().nullable(),
  input: json.nullable(),
  env: z.object({ at: z.int(), unreachable: z.array(z.string()) }).nullable(),
  hash: z.string(),
})

/** A stream outside of a database: which machine wrote it, its events, and the last hash of its chain. */
export interface StreamFile {
  id: string
  type: string
  version: number
  head: string
  events: StoredEvent[]
}

/** A stream's events for machines: one stored event a line behind a header that says which machine wrote them. */
export function writeStream({ id, type, version, head, events }: StreamFile): string {
  const header = { ...FORMAT, id, type, version, head }
  return [header, ...events].map((line) => `${JSON.stringify(line)}\n`).join('')
}

/** What to write of an actor and its events. */
export function streamFileOf(
  { state: { id, type, version } }: LockedActor,
  events: StoredEvent[],
): StreamFile {
  return { id, type, version, head: events.at(-1)?.hash ?? '', events }
}

/**
 * The streams of an export, or of a file of `esa retain`, one after another; what else such a file holds is passed over.
 * @throws EsaError `stream.unreadable`, or `stream.broken` where a hash chain is (terminal), with the line.
 */
export async function* readStreams(lines: AsyncIterable<string>): AsyncGenerator<StreamFile> {
  let current: StreamFile | null = null
  let number = 0
  for await (const text of lines) {
    number += 1
    if (text.trim() === '') continue
    const line = parseLine(text, number)
    if (headSchema.safeParse(line).success) {
      if (current !== null) yield checked(current)
      current = { ...fit(headerSchema, line, number), events: [] }
    } else if (isOther(line)) continue
    else if (current === null) throw unreadable(number, 'an event comes before the header of its stream')
    else current.events.push(fit(eventSchema, line, number) as StoredEvent)
  }
  if (current === null) throw unreadable(Math.max(number, 1), 'no stream begins here')
  yield checked(current)
}

/** The actor that a stream's events lead to, or null where its machine's version is unknown or its replay parts from the log. */
export function actorOf(registry: Registry, { type, version, head, events }: StreamFile): LockedActor | null {
  const definition = registry.find(type, version)
  if (definition === null) return null
  const replayed = replay(definition, recordedSteps(events))
  const state: ActorState | null = replayed.identical ? replayed.state : null
  return state === null ? null : { state, key: null, head }
}

function parseLine(text: string, number: number): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unreadable(number, 'it is not JSON', cause)
  }
}

/** Messages and activities, which `esa retain` writes beside the streams. */
function isOther(line: unknown): boolean {
  const { kind } = (line ?? {}) as { kind?: unknown }
  return kind === 'message' || kind === 'activity'
}

function fit<T>(schema: z.ZodType<T>, line: unknown, number: number): T {
  const parsed = schema.safeParse(line)
  if (parsed.success) return parsed.data
  throw unreadable(number, z.prettifyError(parsed.error))
}

function checked(file: StreamFile): StreamFile {
  const { id, head, events } = file
  const last = events.at(-1)
  const chain = verifyChain(events, { seq: last?.seq ?? 0, hash: head })
  const strange = events.find(({ stream }) => stream !== id)
  if (chain.ok && strange === undefined && last !== undefined) return file
  const why = chain.ok
    ? strange === undefined
      ? 'it has no event'
      : `event ${strange.seq} belongs to ${strange.stream}`
    : chain.why
  throw new EsaError('stream.broken', 'terminal', `the log of ${id} is not as it was written: ${why}`, {
    details: { id, seq: chain.ok ? (strange?.seq ?? 1) : chain.seq },
    hint: 'export it again where it came from: esa replay export ID -o FILE',
  })
}

function unreadable(line: number, why: string, cause?: unknown): EsaError {
  return new EsaError('stream.unreadable', 'terminal', `line ${line} is of no exported stream: ${why}`, {
    details: { line },
    ...(cause === undefined ? {} : { cause }),
    hint: 'files of esa replay export, format jsonl, and of esa retain can be read',
  })
}
