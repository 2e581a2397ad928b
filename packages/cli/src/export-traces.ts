import { diag, DiagLogLevel } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'
import { OtelTracing } from './otel-tracing.ts'
import type { TraceSettings } from './trace-settings.ts'
import type { Exported } from './tracing.ts'

/** Spans that wait for their export; what comes on top is dropped. The SDK's default holds half a second of a busy worker. */
const WAITING_MAX = 16_384

/** A collector that does not answer must not hold a process up, ms: of a command that has ended, or a worker that stops. */
const STOP_WITHIN_MS = 2_000

/** Traces that go to a collector by OTLP over HTTP, in batches. */
export function exportTraces(settings: TraceSettings, log: Logger): Exported {
  const { url, everyMs, withinMs, ...sampling } = settings
  const say = (message: string): void => log.warn({ why: message.slice(0, WORDS_MAX) }, 'traces not exported')
  const quiet = (): void => {}
  diag.setLogger(
    { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: withinMs })
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'esa' }))
      .merge(detectResources({ detectors: [serviceInstanceIdDetector, envDetector] })),
    sampler: samplerOf(sampling),
    spanProcessors: [
      new BatchSpanProcessor({ exporter, scheduledDelayMillis: everyMs, maxQueueSize: WAITING_MAX }),
    ],
  })
  return {
    tracing: new OtelTracing(provider.getTracer('esa')),
    async stop() {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, STOP_WITHIN_MS)
      })
      const stopped = provider.shutdown().catch((error: unknown) => say(String(error)))
      await Promise.race([stopped, late])
      clearTimeout(timer)
    },
  }
}

/** What is said of a failed export: enough to know it, and no whole page of a proxy. */
const WORDS_MAX = 300

function samplerOf({ sampler, ratio }: Pick<TraceSettings, 'sampler' | 'ratio'>): Sampler {
  const root = sampler.endsWith('always_off')
    ? new AlwaysOffSampler()
    : sampler.endsWith('traceidratio')
      ? new TraceIdRatioBasedSampler(ratio)
      : new AlwaysOnSampler()
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root
}
