import type { Tracing } from '@esa/runtime'
import type { Logger } from 'pino'
import type { TraceSettings } from './trace-settings.ts'

/** Tracing, and what sends off the rest of it at the end. */
export interface Exported {
  tracing: Tracing
  stop(): Promise<void>
}

/** Traces where the settings say so. Nothing of OpenTelemetry is loaded otherwise. */
export async function openTracing(settings: TraceSettings | null, log: Logger): Promise<Exported | null> {
  if (settings === null) return null
  const { exportTraces } = await import('./export-traces.ts')
  return exportTraces(settings, log)
}
