import type { Tracing } from '@esa/runtime'
import type { Config } from './config.ts'

/** Tracing, and what sends off the rest of it at the end. */
export interface Exported {
  tracing: Tracing
  stop(): Promise<void>
}

/** Traces where the settings say so. Neither OpenTelemetry nor a log is loaded otherwise. */
export async function openTracing({
  traces,
  logLevel,
}: Pick<Config, 'traces' | 'logLevel'>): Promise<Exported | null> {
  if (traces === null) return null
  const [{ exportTraces }, { workerLog }] = await Promise.all([
    import('./export-traces.ts'),
    import('./worker-log.ts'),
  ])
  return exportTraces(traces, workerLog(logLevel))
}
