import { EsaError } from '@esa/protocol'
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { beforeEach, describe, expect, it } from 'vitest'
import { OtelTracing } from './otel-tracing.ts'

const TRACE = 'aaaabbbbccccddddeeeeffff00001111'
const CALLER = `00-${TRACE}-1234567890abcdef-01`

let exporter: InMemorySpanExporter
let tracing: OtelTracing

function tracingWith(sampler?: Sampler): OtelTracing {
  const spanProcessors = [new SimpleSpanProcessor({ exporter })]
  const provider = new TracerProvider({ spanProcessors, ...(sampler === undefined ? {} : { sampler }) })
  return new OtelTracing(provider.getTracer('test'))
}

beforeEach(() => {
  exporter = new InMemorySpanExporter()
  tracing = tracingWith()
})

const ended = (): ReadableSpan[] => exporter.getFinishedSpans()

describe('a span', () => {
  it('goes on from the traceparent of another process, and hands its own on', () => {
    const span = tracing.begin({ name: 'step', kind: 'consumer', parent: CALLER })
    span.end()
    const [only] = ended()
    expect([only!.spanContext().traceId, only!.parentSpanContext?.spanId]).toEqual([
      TRACE,
      '1234567890abcdef',
    ])
    expect(span.traceparent).toBe(`00-${TRACE}-${only!.spanContext().spanId}-01`)
  })

  it.each(['', 'nonsense', `00-${'0'.repeat(32)}-1234567890abcdef-01`, `${CALLER}; drop`])(
    'begins a trace of its own where the traceparent says nothing (%s)',
    (parent) => {
      tracing.begin({ name: 'step', kind: 'consumer', parent }).end()
      expect(ended()[0]!.parentSpanContext).toBeUndefined()
    },
  )

  it('belongs to what is under way in the process, or is linked to it when it goes on from elsewhere', () => {
    const request = tracing.begin({ name: 'request', kind: 'server' })
    expect(tracing.traceId()).toBeNull()
    tracing.within(request, () => {
      expect(request.traceparent).toContain(tracing.traceId())
      tracing.begin({ name: 'inner', kind: 'internal' }).end()
      tracing.begin({ name: 'elsewhere', kind: 'internal', parent: CALLER }).end()
    })
    const [inner, elsewhere] = ended()
    const { traceId, spanId } = inner!.parentSpanContext!
    expect(request.traceparent).toBe(`00-${traceId}-${spanId}-01`)
    expect(inner!.links).toEqual([])
    expect(elsewhere!.links.map(({ context }) => context.spanId)).toEqual([spanId])
  })

  it('that failed tells the code and not the words', () => {
    const error = new EsaError('database.unreachable', 'transient', 'hunter2 is not a password')
    tracing.begin({ name: 'step', kind: 'internal' }).end({ error })
    const [{ status, attributes, events }] = ended() as [ReadableSpan]
    expect([status.message, attributes['error.type']]).toEqual([
      'database.unreachable',
      'database.unreachable',
    ])
    expect(JSON.stringify([status, attributes, events])).not.toContain('hunter2')
  })

  it('that is not recorded has its children not recorded either', () => {
    const off = tracingWith(new ParentBasedSampler({ root: new AlwaysOffSampler() }))
    const span = off.begin({ name: 'request', kind: 'server' })
    span.end()
    expect(span.traceparent).toMatch(/-00$/)
    off.begin({ name: 'step', kind: 'consumer', parent: span.traceparent }).end()
    expect(ended()).toEqual([])
  })
})
