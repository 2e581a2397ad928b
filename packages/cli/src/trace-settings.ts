import * as z from 'zod'

/** How OpenTelemetry's SDK reads these. Source: opentelemetry.io, "Environment Variable Specification" and "OTLP Exporter Configuration". */
const collector = z
  .url({ protocol: /^https?$/, error: 'must start with http:// or https://' })
  .refine(holdsNoUser, 'must hold no user or password: OTEL_EXPORTER_OTLP_HEADERS is for those')

/** Milliseconds between two exports, as the SDKs of other languages have it. */
const EXPORT_EVERY_MS = 5_000

/** Milliseconds that one export may take with all its tries: a command that has ended waits for it, so not the SDK's ten seconds. */
const EXPORT_WITHIN_MS = 2_000

/** The variables that decide about traces; OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and the exporter's others are read by the SDK. */
export const traceVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: collector
    .optional()
    .describe('an OpenTelemetry collector: traces go there over HTTP; unset: nothing is traced'),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector
    .optional()
    .describe('the whole URL for traces, where it is not /v1/traces below that'),
  OTEL_EXPORTER_OTLP_TIMEOUT: z.coerce
    .number()
    .int()
    .min(1)
    .max(60_000)
    .default(EXPORT_WITHIN_MS)
    .describe('milliseconds that one export may take, with all its tries'),
  OTEL_SDK_DISABLED: z.stringbool().default(false).describe('true: no traces, whatever else is set'),
  OTEL_TRACES_SAMPLER: z
    .enum([
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ])
    .default('parentbased_always_on')
    .describe('which traces are recorded'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe('the share of traces that a sampler by ratio records'),
  OTEL_BSP_SCHEDULE_DELAY: z.coerce
    .number()
    .int()
    .min(1)
    .max(60_000)
    .default(EXPORT_EVERY_MS)
    .describe('milliseconds between two exports of traces'),
}

const settings = z.object(traceVariables)

/** Where traces go, and which of them. */
export interface TraceSettings {
  url: string
  sampler: z.infer<typeof settings>['OTEL_TRACES_SAMPLER']
  ratio: number
  everyMs: number
  withinMs: number
}

/** What the variables say; null: nothing is traced. */
export function traceSettings(given: z.infer<typeof settings>): TraceSettings | null {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole } = given
  const url = whole ?? (base === undefined ? null : `${base.replace(/\/$/, '')}/v1/traces`)
  if (url === null || given.OTEL_SDK_DISABLED) return null
  return {
    url,
    sampler: given.OTEL_TRACES_SAMPLER,
    ratio: given.OTEL_TRACES_SAMPLER_ARG,
    everyMs: given.OTEL_BSP_SCHEDULE_DELAY,
    withinMs: given.OTEL_EXPORTER_OTLP_TIMEOUT,
  }
}

function holdsNoUser(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { username, password } = new URL(text)
  return username === '' && password === ''
}
