import type { Databases } from '@esa/operations/plugin'
import type { Surroundings } from '@esa/operations/views'
import { EsaError } from '@esa/protocol'

/** What reaches the server from rooms that it does not know. */
export interface ServerTools {
  surroundings(): Promise<Surroundings>
  /** Runs one scenario on a virtual clock. @throws EsaError `scenario.*`, `agent.unknown` (terminal). */
  simulate(scenario: unknown): Promise<SimulationDocument>
  /** Null where no plugin looks after databases. */
  databases: Databases | null
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

/** The databases of this server. @throws EsaError `target.not-installed` (terminal) where no plugin looks after any. */
export function databasesOf(ports: { tools?: ServerTools }): Databases {
  const { databases } = toolsOf(ports)
  if (databases !== null) return databases
  throw new EsaError(
    'target.not-installed',
    'terminal',
    'no plugin that looks after databases is configured',
    {
      hint: 'add one to "plugins" of esa.config.ts',
    },
  )
}
