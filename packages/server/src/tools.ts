import type { SetFreeze, Surroundings } from '@esa/operations/views'
import { EsaError, type Json, type JsonObject } from '@esa/protocol'

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

/** Layer 1's toolkit, as the server may use it: by the names of targets alone, so that no request leads it anywhere else. */
export interface Databases {
  targets(): Promise<TargetDocument[]>
  /** @throws EsaError `target.*`, `sql.*`, `database.*`. */
  run(work: TargetWork, target: string, input: JsonObject): Promise<Json>
  /** How a target's freeze is set and removed. @throws EsaError `target.unknown` (terminal). */
  freeze(target: string): SetFreeze
}

/** What reaches the server from rooms that it does not know. */
export interface ServerTools {
  surroundings(): Promise<Surroundings>
  /** Runs one scenario on a virtual clock. @throws EsaError `scenario.*`, `agent.unknown` (terminal). */
  simulate(scenario: unknown): Promise<SimulationDocument>
  databases: Databases
  /** The text of a card's file. @throws EsaError `file.unreadable` (terminal). */
  readCard(file: string): Promise<string>
}

/** What a simulation ends with. Source: docs/cli.md, "Simulations". */
interface SimulationDocument {
  path: object[]
  events: object[]
  outcome: string
  end: object
  later: string[]
}

/** What this server was composed with. @throws EsaError `server.not-composed` (terminal) where it was given none. */
export function toolsOf({ tools }: { tools?: ServerTools }): ServerTools {
  if (tools !== undefined) return tools
  throw new EsaError('server.not-composed', 'terminal', 'this server was started without what this takes', {
    hint: 'ask the server that esa up starts',
  })
}
