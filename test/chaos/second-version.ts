// Preloaded into a worker of "the next release": it knows incidents of version 3 beside those of version 2, which run on
// the same machine. Nothing but the number differs, and that is what an older worker must stumble over unharmed.
import type { ActorDefinition } from '@esa/actor'
import { INCIDENT_TYPE } from '@esa/escalation'
import { Registry } from '@esa/runtime'

/** The version that only this worker knows. */
export const NEXT_VERSION = 3

type Find = (type: string, version: number) => ActorDefinition | null

const registry = Registry.prototype as unknown as { find: Find }
const find = registry.find
registry.find = function findBoth(type, version) {
  if (type !== INCIDENT_TYPE || version !== NEXT_VERSION) return find.call(this, type, version)
  const newest = find.call(this, type, NEXT_VERSION - 1)
  return newest === null ? null : { ...newest, version }
}
