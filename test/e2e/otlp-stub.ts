import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as it arrived, with the service that sent it. */
export interface ArrivedSpan {
  service: string
  traceId: string
  spanId: string
  /** Empty for the first span of a trace. */
  parentSpanId: string
  name: string
  links: { traceId: string; spanId: string }[]
  attributes: Record<string, unknown>
}

interface OtlpValue {
  stringValue?: string
  intValue?: number | string
  doubleValue?: number
  boolValue?: boolean
}
interface OtlpAttributes {
  attributes?: { key: string; value: OtlpValue }[]
}
interface OtlpBody {
  resourceSpans: {
    resource: OtlpAttributes
    scopeSpans: {
      spans: (Omit<ArrivedSpan, 'service' | 'attributes' | 'links'> & {
        parentSpanId?: string
        links?: ArrivedSpan['links']
      } & OtlpAttributes)[]
    }[]
  }[]
}

/** A collector that keeps what it is sent by OTLP over HTTP as JSON. Source: OpenTelemetry Protocol specification, "OTLP/HTTP". */
export class OtlpStub {
  readonly spans: ArrivedSpan[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        if (request.url === '/v1/traces') this.#take(JSON.parse(Buffer.concat(parts).toString()) as OtlpBody)
        response.setHeader('content-type', 'application/json').end('{}')
      })
    })
  }

  static async start(): Promise<OtlpStub> {
    const stub = new OtlpStub()
    await new Promise<void>((resolve) => stub.#server.listen(0, '127.0.0.1', resolve))
    return stub
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #take({ resourceSpans }: OtlpBody): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = String(valuesOf(resource)['service.name'])
      for (const { parentSpanId = '', links = [], ...span } of scopeSpans.flatMap(({ spans }) => spans)) {
        const { traceId, spanId, name } = span
        this.spans.push({ service, traceId, spanId, parentSpanId, name, links, attributes: valuesOf(span) })
      }
    }
  }
}

function valuesOf({ attributes = [] }: OtlpAttributes): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [
      key,
      stringValue ?? intValue ?? doubleValue ?? boolValue,
    ]),
  )
}
