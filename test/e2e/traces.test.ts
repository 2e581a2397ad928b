import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Incident } from '@esa/escalation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '@esa/runtime/testing'
import { type ArrivedSpan, OtlpStub } from './otlp-stub.ts'
import { EsaHome, says } from './run-esa.ts'

/** Thirty minutes are a second. */
const TIME_SCALE = '1800'

const CALLER = { traceId: 'aaaabbbbccccddddeeeeffff00001111', spanId: '1234567890abcdef' }

let collector: OtlpStub
let esa: EsaHome
let up: ChildProcess
let url: string

const settings = (service: string): NodeJS.ProcessEnv => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_SERVICE_NAME: service,
  OTEL_BSP_SCHEDULE_DELAY: '100',
  ESA_TIME_SCALE: TIME_SCALE,
})

beforeAll(async () => {
  collector = await OtlpStub.start()
  esa = await EsaHome.create()
  up = esa.start(['up'], settings('esa-up'))
  url = /http:\/\/\S+/.exec(await says(up, 'ready in '))![0]
})
afterAll(async () => {
  up.kill('SIGTERM')
  await once(up, 'exit')
  await esa.remove()
  collector.stop()
})

const named = (name: string): ArrivedSpan[] => collector.spans.filter((span) => span.name === name)

describe('an incident', () => {
  it('is one trace from its opening to its end, across processes, hops and a deadline', async () => {
    const opening = 'incidents open --agent layer-40 --category integration --title pools --json'
    const { stdout } = await esa.run(opening.split(' '), settings('esa-cli'))
    const { id } = JSON.parse(stdout) as Incident
    await until('it has climbed', () => Promise.resolve(named('incident timer ack-wait').length > 0))
    await fetch(`${url}/api/v1/incidents/${id}/resolve`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01`,
      },
      body: JSON.stringify({ as: 'operator', cause: 'pools enlarged' }),
    })
    await until('its end is traced', () => Promise.resolve(named('incident resolve').length > 0))

    const [opened] = named('incident open')
    const trace = collector.spans.filter(({ traceId }) => traceId === opened!.traceId)
    expect(opened).toMatchObject({ service: 'esa-cli', parentSpanId: '' })
    const names = new Set(trace.map(({ service, name }) => `${service}: ${name}`))
    expect([...names]).toEqual(
      expect.arrayContaining([
        'esa-cli: incident open',
        'esa-up: activity notice.deliver',
        'esa-up: incident timer ack-wait',
        'esa-up: incident resolve',
      ]),
    )
    const known = new Set(trace.map(({ spanId }) => spanId))
    const roots = trace.filter(({ parentSpanId }) => !known.has(parentSpanId))
    expect(roots.map(({ name }) => name)).toEqual(['incident open'])
  })

  it('is opened as well when no collector answers', async () => {
    const { code } = await esa.run(
      'incidents open --agent layer-41 --category integration --title away --json'.split(' '),
      { ...settings('esa-cli'), OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
    )
    expect(code).toBe(0)
  })

  it('is linked to the requests that commanded it, which go on from their callers', async () => {
    const request = named('POST /api/v1/incidents/:id/:command')[0]!
    expect(request).toMatchObject({ traceId: CALLER.traceId, parentSpanId: CALLER.spanId })
    const { traceId, spanId } = request
    expect(named('incident resolve')[0]!.links).toContainEqual(expect.objectContaining({ traceId, spanId }))
  })
})
