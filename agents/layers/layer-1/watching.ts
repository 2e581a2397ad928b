import type { OpenParams, RecordParams, SendParams } from '@esa/actor'
import { type Json, type JsonObject, textOf } from '@esa/protocol'
import { type AgentContext, followedBy, objectOf, type Skill, without } from '@esa/behavior'
import { reportRecheck } from './building.ts'
import { measuring, type Reading } from './measuring.ts'

/** Windows in a row that keep a promise again before its incident may be resolved: one good look is luck. */
const RECOVERY_WINDOWS = 3

/** A metric of the card that is out of bounds opens an incident of this category. */
const CATEGORY_OF: Record<string, string> = {
  'query-response-time': 'performance',
  'index-hit-ratio': 'performance',
  'database-uptime': 'production',
  'data-loss-incidents-during-migrations': 'data-loss',
  'schema-normalization-score': 'architecture',
}

/** Watches a target from now on, or stops with `everyMs: null`. */
export const watch: Skill = (context, event) => {
  const everyMs = typeof event['everyMs'] === 'number' ? event['everyMs'] : null
  const target = textOf(event['target'])
  return {
    set: {
      wakeMs: everyMs,
      lookAt: everyMs === null ? null : event.at + everyMs,
      memory: { ...context.memory, target },
    },
    record: [{ type: 'watch.set', actor: event.as, data: { target, everyMs } }],
  }
}

/** The watch's turn has come. */
export const wake: Skill = (context) => {
  const target = textOf(context.memory['target'])
  return { record: [{ type: 'measure.due', data: { target } }], perform: [measuring(context, { target })] }
}

/** A request to measure now. */
export const measureNow: Skill = (context, event) => {
  const target = textOf(event['target'])
  return {
    record: [{ type: 'measure.asked', actor: event.as, data: { target } }],
    perform: [measuring(context, { target })],
  }
}

/**
 * A measurement came back: keep it in the log, report it to the domain, open an incident for each metric out of bounds,
 * and say when one has been within bounds again for long enough. A measurement of a cure goes to its requester instead.
 */
export const measured: Skill = (context, event) => {
  const readings = event['readings'] as Reading[]
  const target = textOf(event['target'])
  const kept: ReturnType<Skill> = { record: [{ type: 'database.measured', data: { target, readings } }] }
  if (event['recheck'] !== undefined) return followedBy(kept, reportRecheck(context, event))
  const breached = readings.filter(({ ok }) => ok === false)
  const facts = breached.map(({ key, value, unit }): RecordParams => ({
    type: 'metric.breached',
    data: { target, key, value, unit },
  }))
  const evidence = objectOf(event['evidence'])
  const open = breached.map((reading) => breach(context, target, reading, evidence[reading.key] ?? null))
  const windows = countWindows(context, target, readings)
  const told = followedBy(windows, { send: performanceReport(context, target, readings) })
  return [{ record: facts, open }, told].reduce(followedBy, kept)
}

/** A measurement could not be made: that is a fact, and no metric is guessed. */
export const measureFailed: Skill = (_, event) => ({
  record: [{ type: 'measure.failed', data: { target: event['target'], why: event['why'] } }],
})

/** The key under which a breached metric of a target is one incident, however often it is seen. */
function dedupKeyOf(key: string, target: string): string {
  return `${key} ${target}`
}

/** Good windows in a row of each metric that was breached; at the last one, its incident may be resolved. */
function countWindows(context: AgentContext, target: string, readings: Reading[]): ReturnType<Skill> {
  const before = objectOf(context.memory['recovering'])
  const counted = readings.flatMap((reading): [string, number, Reading][] => {
    const name = dedupKeyOf(reading.key, target)
    if (reading.ok === false) return [[name, 0, reading]]
    const good = before[name]
    return reading.ok === true && typeof good === 'number' ? [[name, good + 1, reading]] : []
  })
  const [done, going] = [[] as Reading[], { ...before }]
  for (const [name, good, reading] of counted) {
    going[name] = good
    if (good >= RECOVERY_WINDOWS) done.push(reading)
  }
  const recovering = without(going, ...done.map(({ key }) => dedupKeyOf(key, target)))
  return {
    set: { memory: { ...context.memory, recovering } },
    record: done.map(({ key, value, unit }) => ({
      type: 'metric.recovered',
      data: { target, key, value, unit, windows: RECOVERY_WINDOWS },
    })),
    perform: done.map((reading) => ({
      activity: 'incident.propose-resolution',
      input: {
        key: `${context.agentId} ${dedupKeyOf(reading.key, target)}`,
        because: `${said(reading)} in ${RECOVERY_WINDOWS} looks in a row`,
      },
    })),
  }
}

/** What the domain learns of every window. Source: the card, "Reports how the database performs". */
function performanceReport(context: AgentContext, target: string, readings: Reading[]): SendParams[] {
  const { domain, agentId } = context
  if (domain === null || domain === undefined || domain === agentId) return []
  const breached = readings.filter(({ ok }) => ok === false).map(({ key }) => key)
  const shown = readings.map(({ key, value, unit, threshold, ok }) => ({ key, value, unit, threshold, ok }))
  const status = `${target}: ${breached.length === 0 ? 'every promise that could be measured is kept' : `out of bounds: ${breached.join(', ')}`}`
  const data: JsonObject = { kind: 'performance', target, readings: shown, breached }
  return [{ to: domain, type: 'status_update', body: { status, data } }]
}

function said({ key, value, unit, comparator, threshold }: Reading): string {
  const shown = value === null ? 'unknown' : String(Math.round(value * 10) / 10)
  return `${key} is ${shown} ${unit}, promised ${comparator} ${threshold} ${unit},`
}

function breach(context: AgentContext, target: string, reading: Reading, evidence: Json): OpenParams {
  const { key, value, unit, comparator, threshold } = reading
  const shown = value === null ? 'unknown' : String(Math.round(value * 10) / 10)
  const dedupKey = dedupKeyOf(key, target)
  return {
    actorType: 'incident',
    key: `${context.agentId} ${dedupKey}`,
    body: {
      agent: context.agentId,
      category: CATEGORY_OF[key] ?? 'performance',
      title: `${key} of ${target} is ${shown} ${unit}, promised ${comparator} ${threshold} ${unit}`,
      dedupKey,
      evidence: { ...objectOf(evidence), target, metric: { key, value, unit, threshold } },
    },
  }
}
