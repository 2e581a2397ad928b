/** An event of a simulation. Source: docs/cli.md, "Simulations". */
export interface SimulatedEvent {
  seq: number
  atMs: number
  type: string
  level?: string
  actor?: string
  lateMs?: number
  data: Record<string, unknown>
}

/** What came of a simulation. */
export interface Simulation {
  path: { level: string; agents: string[]; waitMs: number; defaultWait?: boolean }[]
  events: SimulatedEvent[]
  outcome: string
  end: { level: string; agent: string; category: string; deadlineMs: number | null; timerKind: string | null }
  later: string[]
}
