/** A value that survives JSON unchanged: no Date, no Map, no undefined inside arrays. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined }

/** A JSON object. */
export type JsonObject = { [key: string]: Json | undefined }

/** Largest payload that the edge takes, in bytes of UTF-8: a message is a fact or a request, not a file. */
export const PAYLOAD_BYTES_MAX = 256 * 1024

/** Deepest nesting that the edge takes: beyond it lies an attack or a mistake. */
export const PAYLOAD_DEPTH_MAX = 32

/**
 * JSON text with object keys in code-unit order and undefined members left out, so that equal values have equal text
 * whatever database or parser they went through.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  // Plain loops: hashing an event is mostly this, and lists of parts took half of its time.
  let text = ''
  if (Array.isArray(value)) {
    for (let n = 0; n < value.length; n++) text += (n === 0 ? '' : ',') + canonicalJson(value[n])
    return `[${text}]`
  }
  const record = value as Record<string, unknown>
  for (const key of Object.keys(record).sort()) {
    const member = record[key]
    if (member === undefined) continue
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`
  }
  return `{${text}}`
}

/** True when two values have the same canonical JSON, found without writing it. */
export function sameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (!isObject(one) || !isObject(other)) return canonicalJson(one) === canonicalJson(other)
  if (!Array.isArray(one) && !Array.isArray(other)) return sameMembers(one, other)
  if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false
  return one.every((item, n) => sameJson(item, other[n]))
}

function sameMembers(one: Record<string, unknown>, other: Record<string, unknown>): boolean {
  let left = 0
  for (const key of Object.keys(other)) if (other[key] !== undefined) left++
  for (const key of Object.keys(one)) {
    if (one[key] === undefined) continue
    if (!Object.hasOwn(other, key) || other[key] === undefined || !sameJson(one[key], other[key]))
      return false
    left--
  }
  return left === 0
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object'
}

/** Nesting depth of a JSON value: 0 for a scalar, 1 for a flat object; stops counting one past `limit`. */
export function jsonDepth(value: unknown, limit: number = PAYLOAD_DEPTH_MAX): number {
  if (value === null || typeof value !== 'object' || limit < 0) return 0
  let deepest = 0
  for (const child of Object.values(value)) deepest = Math.max(deepest, jsonDepth(child, limit - 1))
  return deepest + 1
}

/** A value that should be a text: itself, a number or truth value as written, and empty for anything else. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** What `JSON.stringify` has to escape and PostgreSQL cannot take. A backslash of the text is two, and not an escape. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(0000|d[89a-f][0-9a-f]{2})/

/**
 * The first UTF-16 unit in a text of `JSON.stringify` that PostgreSQL's jsonb cannot store, in hex: `0000` for a NUL, like
 * `d83d` for half of a surrogate pair. Null when there is none.
 */
export function unstorableUnit(json: string): string | null {
  return UNSTORABLE.exec(json)?.[1] ?? null
}
