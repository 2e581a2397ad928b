import { EsaError } from '@esa/protocol'

/**
 * Refuses a context that would not come back from the store as it went in: Date, Map, class instances, functions,
 * NaN, undefined inside arrays. An undefined member of an object is fine: JSON leaves it out.
 * @throws EsaError `actor.not-json` (bug), naming the path.
 */
export function assertPlainJson(value: unknown, path: string): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) assertPlainJson(value[i], `${path}[${i}]`)
    return
  }
  if (typeof value === 'object' && isPlain(value)) {
    for (const [key, child] of Object.entries(value)) {
      if (child !== undefined) assertPlainJson(child, `${path}.${key}`)
    }
    return
  }
  throw new EsaError('actor.not-json', 'bug', `${path} does not survive JSON`)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
