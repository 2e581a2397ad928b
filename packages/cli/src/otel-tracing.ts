import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span as OtelSpan,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api'
import { parseTraceParent } from '@opentelemetry/core'
import { isEsaError } from '@esa/protocol'
import type { Span, SpanStart, Tracing } from '@esa/runtime'

const KINDS = {
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const

/** Tracing by a tracer of OpenTelemetry. What is under way in this process is known by its own context, so no global is set. */
export class OtelTracing implements Tracing {
  readonly #tracer: Tracer
  readonly #under = new AsyncLocalStorage<Context>()

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  begin({ name, kind, parent, links = [], since, attributes = {} }: SpanStart): Span {
    const ambient = this.#under.getStore() ?? ROOT_CONTEXT
    const from = contextOf(parent)
    const context = from === null ? ambient : trace.setSpanContext(ROOT_CONTEXT, { ...from, isRemote: true })
    const beside = [...links.map(contextOf), from === null ? null : (trace.getSpanContext(ambient) ?? null)]
    const span = this.#tracer.startSpan(
      name,
      {
        kind: KINDS[kind],
        attributes,
        links: beside.flatMap((other): Link[] =>
          other === null || other.traceId === from?.traceId ? [] : [{ context: other }],
        ),
        ...(since === undefined ? {} : { startTime: since }),
      },
      context,
    )
    return new Begun(span, trace.setSpan(context, span))
  }

  within<T>(span: Span, work: () => T): T {
    return span instanceof Begun ? this.#under.run(span.context, work) : work()
  }

  traceId(): string | null {
    const context = this.#under.getStore()
    return context === undefined ? null : (trace.getSpanContext(context)?.traceId ?? null)
  }

  now(): number {
    return performance.timeOrigin + performance.now()
  }
}

class Begun implements Span {
  readonly #span: OtelSpan
  readonly context: Context
  readonly traceparent: string

  constructor(span: OtelSpan, context: Context) {
    this.#span = span
    this.context = context
    const { traceId, spanId, traceFlags } = span.spanContext()
    this.traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
  }

  end({ error, name, attributes = {} }: Parameters<Span['end']>[0] = {}): void {
    if (name !== undefined) this.#span.updateName(name)
    this.#span.setAttributes(attributes)
    if (error !== undefined) {
      // A message may hold text of people; a code does not.
      const code = isEsaError(error) ? error.code : error instanceof Error ? error.name : 'unknown'
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: code })
      this.#span.setAttribute('error.type', code)
    }
    this.#span.end()
  }
}

/** A traceparent of another process; null where it says nothing that can be read. */
function contextOf(traceparent: string | undefined): SpanContext | null {
  return traceparent === undefined ? null : parseTraceParent(traceparent)
}
