import type { JsonObject } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { Lone } from '../../lone-agent.ts'

const reading = (value: number, key = 'query-response-time'): JsonObject => ({
  key,
  value,
  unit: 'ms',
  comparator: '<',
  threshold: 100,
  ok: value < 100,
})

/** A window of the watch: what it led to. */
function look(layer: Lone, ...values: JsonObject[]) {
  return layer.tell('measure.done', { target: 'shop', readings: values, evidence: null })
}

const proposals = ({ sent }: ReturnType<typeof look>) =>
  sent.filter((effect) => 'activity' in effect && effect.activity === 'incident.propose-resolution')

describe('a watch', () => {
  it('reports every window to the domain, whatever it found', () => {
    const { sent } = look(new Lone('layer-1'), reading(4))
    expect(sent).toMatchObject([
      {
        to: 'domain-1',
        type: 'status_update',
        body: { data: { kind: 'performance', target: 'shop', breached: [] } },
      },
    ])
  })

  it('opens an incident again and again under one key: the second one is a duplicate', () => {
    const layer = new Lone('layer-1')
    const keys = [look(layer, reading(400)), look(layer, reading(500))].map(({ sent }) =>
      sent.flatMap((effect) => ('key' in effect ? [effect.key] : [])),
    )
    expect(keys).toEqual([['layer-1 query-response-time shop'], ['layer-1 query-response-time shop']])
  })

  it('shows each incident the evidence of its own metric, and no other', () => {
    const readings = [reading(400), reading(50, 'index-hit-ratio')].map((one) => ({ ...one, ok: false }))
    const evidence = {
      'query-response-time': { kind: 'slow-query' },
      'index-hit-ratio': { method: 'counted' },
    }
    const { sent } = new Lone('layer-1').tell('measure.done', { target: 'shop', readings, evidence })
    const opened = sent.filter(({ kind }) => kind === 'open')
    expect(opened).toMatchObject([
      { body: { evidence: { kind: 'slow-query', target: 'shop', metric: { value: 400 } } } },
      { body: { evidence: { method: 'counted', metric: { value: 50 } } } },
    ])
    expect(JSON.stringify(opened[1])).not.toContain('slow-query')
  })

  it('proposes to resolve after three good windows in a row, once', () => {
    const layer = new Lone('layer-1')
    look(layer, reading(400))
    expect([look(layer, reading(5)), look(layer, reading(6))].flatMap(proposals)).toEqual([])
    const third = look(layer, reading(7))
    expect(third.types).toEqual(['database.measured', 'metric.recovered'])
    expect(proposals(third)).toMatchObject([
      {
        input: {
          key: 'layer-1 query-response-time shop',
          because: 'query-response-time is 7 ms, promised < 100 ms, in 3 looks in a row',
        },
      },
    ])
    expect(proposals(look(layer, reading(5)))).toEqual([])
  })

  it('begins to count again with every bad window, and knows metrics apart', () => {
    const layer = new Lone('layer-1')
    look(layer, reading(400), reading(400, 'index-hit-ratio'))
    look(layer, reading(5), reading(400, 'index-hit-ratio'))
    look(layer, reading(5), reading(5, 'index-hit-ratio'))
    look(layer, reading(400), reading(5, 'index-hit-ratio'))
    const fifth = look(layer, reading(5), reading(5, 'index-hit-ratio'))
    expect(proposals(fifth)).toMatchObject([{ input: { key: 'layer-1 index-hit-ratio shop' } }])
  })

  it('counts no window in which nothing could be measured, and no metric that was never out of bounds', () => {
    const layer = new Lone('layer-1')
    look(layer, reading(400))
    for (let n = 0; n < 5; n++)
      expect(proposals(look(layer, { ...reading(0), value: null, ok: null }))).toEqual([])
    const other = new Lone('layer-1')
    for (let n = 0; n < 5; n++) expect(proposals(look(other, reading(5)))).toEqual([])
  })
})

describe('the holder of an incident that recovered', () => {
  const notice = {
    incidentId: 'I1',
    agent: 'layer-1',
    category: 'performance',
    level: 'domain',
    title: 'slow',
    visit: 1,
  }
  const evidence = { kind: 'slow-query', target: 'shop', proposedIndex: null }
  const recovered = { incidentId: 'I1', because: 'p95 is 7 ms in 3 looks in a row' }

  it('resolves it on the numbers when a built-in seat holds it', () => {
    const domain = new Lone('domain-1')
    domain.tell('incident.notice', { ...notice, evidence })
    expect(domain.tell('incident.recovered', recovered).sent).toEqual([
      { kind: 'send', to: 'I1', type: 'resolve', body: { cause: recovered.because } },
    ])
  })

  it('sees in the inbox that it may be resolved, and nothing is closed by itself', () => {
    const domain = new Lone('domain-1')
    domain.tell('seat', { seat: 'human' }, 'operator')
    domain.tell('incident.notice', { ...notice, evidence })
    const { sent, types } = domain.tell('incident.recovered', recovered)
    expect([sent, types]).toEqual([[], ['agent.recovery_proposed']])
    expect(domain.state.snapshot.context['inbox']).toMatchObject({
      I1: { about: 'slow (p95 is 7 ms in 3 looks in a row: resolve?)' },
    })
    const unknown = new Lone('domain-1')
    unknown.tell('incident.notice', { ...notice, evidence: { kind: 'rumour' } })
    expect(unknown.tell('incident.recovered', recovered).sent).toEqual([])
  })
})
