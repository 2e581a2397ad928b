import type { Json, JsonObject } from '@esa/protocol'
import type { SetFreeze } from './target-freeze.ts'

/** What a plugin gives the HTTP API and MCP. */
export interface PluginTools {
  databases?: Databases
}

/** What may be done on a target, each by the same code as its command. */
export const TARGET_WORKS = ['measure', 'check', 'lint', 'explain', 'advise'] as const
export type TargetWork = (typeof TARGET_WORKS)[number]

/** A named database as it may be shown: without its password. */
export interface TargetDocument {
  name: string
  at: string
  workload: boolean
  timeoutMs: number | null
  connections: number | null
  quiet: string | null
}

/** Databases by the names of targets alone, so that no request leads anywhere else. */
export interface Databases {
  targets(): Promise<TargetDocument[]>
  /** @throws EsaError `target.*`, `sql.*`, `database.*`. */
  run(work: TargetWork, target: string, input: JsonObject): Promise<Json>
  /** How a target's freeze is set and removed. @throws EsaError `target.unknown` (terminal). */
  freeze(target: string): SetFreeze
}
