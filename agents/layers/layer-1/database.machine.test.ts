import type { JsonObject } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { LoneActor } from '../../testing/lone-actor.ts'
import { databaseDefinition } from './database-definition.ts'

const OPERATOR = { as: 'operator', by: 'Ada' }
const P95 = { key: 'query-response-time', unit: 'ms', comparator: '<', threshold: 100 }
const BAD = { ...P95, value: 250, ok: false }
const GOOD = { ...P95, value: 20, ok: true }
const MINUTE_MS = 60_000

const opened = (): LoneActor => new LoneActor(databaseDefinition, { target: 'shop', agentId: 'layer-1' })
const watch = (everyMs: number | null): JsonObject => ({ everyMs, orderedBy: OPERATOR })
const measured = (...readings: JsonObject[]): JsonObject => ({
  readings,
  evidence: { 'query-response-time': { slowest: 'select 1' } },
})

/** Each state in which it lives, and a database in it. */
const LIVES: Record<string, () => LoneActor> = {
  idle: opened,
  waiting: () => given(opened(), 'watch', watch(MINUTE_MS)),
  measuring: () => given(opened(), 'measure', { orderedBy: OPERATOR }),
}

function given(actor: LoneActor, type: string, body: JsonObject): LoneActor {
  actor.give(type, body)
  return actor
}

describe('a watched database', () => {
  it('is measured when its pause is over, and waits again once that has come back', () => {
    const database = LIVES['waiting']!()
    expect(database.state).toMatchObject({ status: 'waiting', timer: { kind: 'measure-due' } })
    const due = database.serveTimer()
    expect(due.effects).toMatchObject([
      { kind: 'perform', activity: 'database.read-metrics', input: { target: 'shop' } },
    ])
    expect(database.state).toMatchObject({ status: 'measuring', timer: null })
    database.give('measurement.done', measured(GOOD))
    expect(database.state.timer?.dueAt).toBe(database.at + MINUTE_MS)
  })

  it('is watched at another pause from now on, and no longer with none', () => {
    const database = LIVES['waiting']!()
    database.give('watch', watch(5 * MINUTE_MS))
    expect(database.state.timer?.dueAt).toBe(database.at + 5 * MINUTE_MS)
    database.give('watch', watch(null))
    expect(database.state).toMatchObject({ status: 'idle', timer: null })
  })

  it('takes an order to watch while it is measured, and follows it afterwards', () => {
    const database = LIVES['measuring']!()
    database.give('watch', watch(MINUTE_MS))
    expect(database.state.status).toBe('measuring')
    database.give('measurement.done', measured())
    expect(database.state.status).toBe('waiting')
  })

  it('is measured once for two who request it at once', () => {
    const database = LIVES['measuring']!()
    const joined = database.give('measure', { orderedBy: OPERATOR })
    expect([joined.types, joined.effects]).toEqual([['measure.joined'], []])
  })

  it.each([
    [MINUTE_MS, 'waiting'],
    [null, 'idle'],
  ])('that cannot be measured says why, and guesses nothing (watched every %s ms: %s)', (everyMs, status) => {
    const database = LIVES['measuring']!()
    database.give('watch', watch(everyMs))
    const failed = database.give('activity.failed', {
      activity: 'database.read-metrics',
      code: 'database.unreachable',
      message: 'no answer',
    })
    expect(failed.events).toMatchObject([
      { type: 'activity.failed', data: { target: 'shop', code: 'database.unreachable' } },
    ])
    expect(failed.effects).toEqual([])
    expect(database.state.status).toBe(status)
  })

  it('goes on being measured when another activity of it failed', () => {
    const database = LIVES['measuring']!()
    database.give('activity.failed', { activity: 'incident.propose-resolution', code: 'x', message: 'y' })
    expect(database.state.status).toBe('measuring')
  })
})

describe('a metric out of bounds', () => {
  it('opens an incident with its evidence, and is reported', () => {
    const database = new LoneActor(databaseDefinition, { target: 'shop', agentId: 'layer-1' })
    database.give('card.changed', { thresholds: [P95], domain: 'domain-1' })
    database.give('measure', { orderedBy: OPERATOR })
    const { types, effects } = database.give('measurement.done', measured(BAD))
    expect(types).toEqual(['database.measured', 'metric.breached'])
    expect(effects).toMatchObject([
      { kind: 'send', to: 'layer-1', type: 'report', body: { to: 'domain-1' } },
      {
        kind: 'open',
        actorType: 'incident',
        key: 'layer-1 query-response-time shop',
        body: {
          agent: 'layer-1',
          category: 'performance',
          title: 'query-response-time of shop is 250 ms, promised < 100 ms',
          evidence: { slowest: 'select 1', target: 'shop', metric: { value: 250 } },
        },
      },
    ])
  })

  it('proposes to resolve its incident at the third window in bounds, and not when one between them was not', () => {
    const database = LIVES['waiting']!()
    const windows = [BAD, GOOD, GOOD, BAD, GOOD, GOOD, GOOD, GOOD].map((reading) => {
      database.serveTimer()
      return database.give('measurement.done', measured(reading)).effects
    })
    const proposed = windows.map((effects) => effects.filter(({ kind }) => kind === 'perform'))
    expect(proposed.map(({ length }) => length)).toEqual([0, 0, 0, 0, 0, 0, 1, 0])
    expect(proposed[6]).toMatchObject([
      {
        activity: 'incident.propose-resolution',
        input: {
          key: 'layer-1 query-response-time shop',
          because: 'query-response-time is 20 ms, promised < 100 ms, in 3 windows in a row',
        },
      },
    ])
  })
})

describe('a freeze', () => {
  const order = (orderedAt: number, as = 'operator'): JsonObject => ({
    reason: 'rows are missing',
    orderedBy: { as },
    orderedAt,
  })

  it.each(Object.entries(LIVES))('reaches each open change while it is %s', (_, made) => {
    const database = given(made(), 'change.opened', { change: 'c1' })
    database.give('change.opened', { change: 'c2' })
    database.give('change.ended', { change: 'c1' })
    const { effects } = database.give('freeze', order(5))
    expect(effects).toMatchObject([
      {
        kind: 'send',
        to: 'c2',
        type: 'database.frozen',
        body: { reason: 'rows are missing', frozenBy: 'operator' },
      },
    ])
  })

  it('reaches a change that registers after it', () => {
    const database = given(opened(), 'freeze', order(5))
    expect(database.give('change.opened', { change: 'c1' }).effects).toMatchObject([
      { to: 'c1', type: 'database.frozen' },
    ])
    database.give('unfreeze', { orderedBy: OPERATOR, orderedAt: 6 })
    expect(database.give('change.opened', { change: 'c2' }).effects).toEqual([])
  })

  it('and its removal count in the order in which they were given, not in that of their arrival', () => {
    const database = given(opened(), 'unfreeze', { orderedBy: OPERATOR, orderedAt: 9 })
    expect(database.give('freeze', order(5)).types).toEqual(['order.refused'])
    expect(database.state.snapshot.context['frozen']).toBeNull()
    expect(database.give('freeze', order(10)).types).toEqual(['target.frozen'])
  })

  it('is written into the database for the CEO, and says which command does it where that failed', () => {
    const database = opened()
    expect(database.give('freeze', order(5, 'agent-0')).effects).toMatchObject([
      { kind: 'perform', activity: 'database.write-freeze-flag', input: { target: 'shop' } },
    ])
    expect(database.give('flag.written').types).toEqual(['freeze.flag_written'])
    const failed = database.give('flag.failed', { code: 'database.forbidden', message: 'no right' })
    expect(failed.events).toMatchObject([{ data: { run: 'esa db freeze --target shop' } }])
  })

  it('takes the word of an operator or the CEO', () => {
    const database = opened()
    expect(database.give('freeze', order(5, 'layer-2')).types).toEqual(['order.refused'])
    expect(database.give('unfreeze', { orderedBy: { as: 'chief-1' }, orderedAt: 6 }).types).toEqual([
      'order.refused',
    ])
  })
})

describe('a database that is forgotten', () => {
  it('lives on while a change is open, or while it is watched', () => {
    const database = given(opened(), 'change.opened', { change: 'c1' })
    expect(database.give('forget').types).toEqual(['order.refused'])
    database.give('change.ended', { change: 'c1' })
    database.give('forget')
    expect(database.state).toMatchObject({ status: 'forgotten', live: false })
    expect(LIVES['waiting']!().give('forget').types).toEqual(['order.refused'])
  })
})

describe('every event', () => {
  const EVENTS: [string, JsonObject][] = [
    ['watch', watch(MINUTE_MS)],
    ['watch', watch(null)],
    ['measure', { orderedBy: OPERATOR }],
    ['measurement.done', measured(GOOD)],
    ['activity.failed', { activity: 'database.read-metrics', code: 'x', message: 'y' }],
    ['freeze', { reason: 'x', orderedBy: OPERATOR, orderedAt: 1 }],
    ['unfreeze', { orderedBy: OPERATOR, orderedAt: 1 }],
    ['flag.written', {}],
    ['flag.failed', { code: 'x', message: 'y' }],
    ['change.opened', { change: 'c' }],
    ['change.ended', { change: 'c' }],
    ['card.changed', { thresholds: [], domain: null }],
    ['forget', {}],
  ]

  it.each(Object.keys(LIVES))(
    'leaves a trace in the log while it is %s, and replays to the same',
    (state) => {
      for (const [type, body] of EVENTS) {
        const database = LIVES[state]!()
        expect([type, database.give(type, body).types.length]).toEqual([type, 1])
        expect(database.replayed()).toMatchObject({ identical: true, state: database.state })
      }
    },
  )
})
