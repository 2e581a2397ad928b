/** What a span says of itself: ids and figures, never a text of people. */
export type SpanAttributes = Record<string, string | number | boolean>

/** A piece of work in a trace. */
export interface SpanStart {
  /** One of a few: what differs from span to span belongs into the attributes. */
  name: string
  kind: 'server' | 'producer' | 'consumer' | 'internal'
  /** The span that this one goes on from, as a W3C traceparent; without one it is what is under way in this process, or a new trace. */
  parent?: string | undefined
  /** Spans of other traces that have to do with it, as W3C traceparents. */
  links?: string[]
  /** When it began, ms since the Unix epoch by the process's clock; by default now. */
  since?: number
  attributes?: SpanAttributes
}

/** A span that is under way. */
export interface Span {
  /** Its W3C traceparent: what goes on from here carries it. */
  readonly traceparent: string
  /** Ends it; with an error it failed. */
  end(outcome?: { error?: unknown; name?: string; attributes?: SpanAttributes }): void
}

/** The id of a traceparent's trace, as log lines have it. */
export function traceIdOf(traceparent: string | undefined): { traceId?: string } {
  const traceId = traceparent?.split('-')[1]
  return traceId === undefined ? {} : { traceId }
}

/**
 * Where spans go. The runtime knows nothing else of tracing: without one it makes no span and writes no trace. What is under
 * way in this process is linked to a span that goes on from another one.
 */
export interface Tracing {
  begin(span: SpanStart): Span
  /** Runs work as part of a span. */
  within<T>(span: Span, work: () => T): T
  /** The id of the trace that is under way in this process, or null. */
  traceId(): string | null
  /** The process's clock, ms since the Unix epoch, with fractions. */
  now(): number
}
