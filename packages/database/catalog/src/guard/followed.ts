import { FIRST_NORMAL_OID } from './harmless-functions.ts'
import type { Added } from './tree-objects.ts'

/** Functions, types and relations that are followed for one statement: more is a web that no one can vouch for. */
export const FOLLOWED_MAX = 5_000

/** Values of any array: only they show their type. */
const ANY_ARRAY = 2277

/** Objects that a statement led to, each followed once, and which of them users made or added to. */
export class Followed {
  readonly #seen = new Set<string>()
  readonly #added: Added

  constructor(added: Added) {
    this.#added = added
  }

  get isTooMuch(): boolean {
    return this.#seen.size > FOLLOWED_MAX
  }

  /** True the first time. `kind` keeps ids of different catalogs apart. */
  isNew(kind: string, id: number | string): boolean {
    const key = `${kind} ${id}`
    if (this.#seen.has(key)) return false
    this.#seen.add(key)
    return true
  }

  fresh(kind: string, ids: Iterable<number>): number[] {
    return [...ids].filter((id) => this.isNew(kind, id))
  }

  /** Those of users, and those that users added to. */
  touched(ids: number[], added: number[]): number[] {
    return ids.filter((id) => id >= FIRST_NORMAL_OID || added.includes(id))
  }

  /** As above; where users added to a built-in type, any other may have it as a part. */
  touchedTypes(ids: number[]): number[] {
    const all = this.#added.types.some((id) => id < FIRST_NORMAL_OID)
    return all ? ids : ids.filter((id) => id >= FIRST_NORMAL_OID || id === ANY_ARRAY)
  }
}
