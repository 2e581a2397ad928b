import type { Json, JsonObject } from '@esa/protocol'

/** An object, or an empty one in place of anything else. */
export function objectOf(value: Json | undefined): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {}
}

/** A record without some of its entries. */
export function without<T>(record: { [id: string]: T }, ...ids: string[]): { [id: string]: T } {
  const gone = new Set(ids)
  return Object.fromEntries(Object.entries(record).filter(([id]) => !gone.has(id)))
}
