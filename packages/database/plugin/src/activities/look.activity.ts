import type { ActivityHandler } from '@esa/actor'
import { EsaError, type Json, type JsonObject, textOf } from '@esa/protocol'
import type { OpenTarget, OpenTargetByName } from './open-target.activity.ts'

/** A look at a database: what it found, as plain data. It reads and changes nothing. */
export type Look = (target: OpenTarget, input: JsonObject) => Promise<unknown>

/** Bytes of an answer, below the 256 KB of a message: its envelope has to fit as well. */
const ANSWER_BYTES_MAX = 200_000

/** Looks at a target when another agent or an operator asks, and answers with what was found. */
export function lookActivity(openTarget: OpenTargetByName, looks: Record<string, Look>): ActivityHandler {
  return {
    activity: 'database.look',
    run: async (input, { actorId }) => {
      const { kind, target: name, asker } = input
      const look = Object.hasOwn(looks, textOf(kind)) ? looks[textOf(kind)] : undefined
      if (look === undefined)
        throw new EsaError('look.unknown', 'terminal', `there is no look "${textOf(kind)}"`)
      const target = await openTarget(textOf(name))
      try {
        const found = bounded(JSON.parse(JSON.stringify((await look(target, input)) ?? {})) as JsonObject)
        return [{ to: actorId, type: 'look.done', body: { kind, target: name, asker, found } }]
      } finally {
        await target.close()
      }
    },
    onFailure: ({ kind, target, asker }, { code, message, hint }, actorId) => {
      const why = `${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`
      return [{ to: actorId, type: 'look.failed', body: { kind, target, asker, why } }]
    },
  }
}

/**
 * An answer that fits into a message: of its longest lists the first entries are kept, and `leftOut` says how many are not.
 * One that is too large even so is replaced by how large it is.
 */
export function bounded(found: JsonObject, leftOut: { [list: string]: number } = {}): JsonObject {
  const answer = Object.keys(leftOut).length === 0 ? found : { ...found, leftOut }
  if (bytesOf(answer) <= ANSWER_BYTES_MAX) return answer
  const [name, list] = longestList(found)
  if (name === null || list.length === 0) {
    const why = 'the answer does not fit into a message: run it on the command line'
    return { tooLargeBytes: bytesOf(found), why }
  }
  const kept = Math.floor(list.length / 2)
  const out = { ...leftOut, [name]: (leftOut[name] ?? 0) + list.length - kept }
  return bounded({ ...found, [name]: list.slice(0, kept) }, out)
}

function longestList(answer: JsonObject): [string, Json[]] | [null, []] {
  const lists = Object.entries(answer).filter((entry): entry is [string, Json[]] => Array.isArray(entry[1]))
  const [longest] = lists.toSorted(([, a], [, b]) => JSON.stringify(b).length - JSON.stringify(a).length)
  return longest ?? [null, []]
}

function bytesOf(value: Json): number {
  return new TextEncoder().encode(JSON.stringify(value)).length
}
