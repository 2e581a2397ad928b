import type { OpenParams, PerformParams, RecordParams } from '@esa/actor'
import { type Json, type JsonObject, personOf, textOf } from '@esa/protocol'
import type { AgentContext, Mind, Skill } from '../../generic/mind.ts'
import { receive } from '../../generic/inbox.ts'

/** One measurement of a database: its workload runs a bounded time, and the slowest statement is explained, ms. */
const MEASURE_TIMEOUT_MS = 180_000

/** Building an index on a large table may take long; a second attempt finds the first one's result, ms. */
const BUILD_TIMEOUT_MS = 600_000

/** A metric of the card that is out of bounds opens an incident of this category. */
const CATEGORY_OF: Record<string, string> = {
  'query-response-time': 'performance',
  'index-hit-ratio': 'performance',
  'database-uptime': 'production',
  'data-loss-incidents-during-migrations': 'data-loss',
  'schema-normalization-score': 'architecture',
}

/** One reading as the measuring activity brings it. */
type Reading = {
  key: string
  value: number | null
  unit: string
  comparator: string
  threshold: number
  ok: boolean | null
}

/** A look at a target that somebody waits for the outcome of. */
type Recheck = { incidentId: string; replyTo: string; task: string; before: number | null; index: Json }

/** Watches a target from now on, or stops with `everyMs: null`. */
const watch: Skill = (context, event) => {
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
const wake: Skill = (context) => {
  const target = textOf(context.memory['target'])
  return { record: [{ type: 'measure.due', data: { target } }], perform: [measuring(context, { target })] }
}

/** Somebody asks for a measurement now. */
const measureNow: Skill = (context, event) => {
  const target = textOf(event['target'])
  return {
    record: [{ type: 'measure.asked', actor: event.as, data: { target } }],
    perform: [measuring(context, { target })],
  }
}

/** A measurement came back: keep it in the log, and open an incident for each metric out of bounds. */
const measured: Skill = (context, event) => {
  const readings = event['readings'] as Reading[]
  const target = textOf(event['target'])
  const record: RecordParams[] = [{ type: 'database.measured', data: { target, readings } }]
  const recheck = event['recheck'] as Recheck | undefined
  if (recheck !== undefined) return report(recheck, readings, record)
  const breached = readings.filter(({ ok }) => ok === false)
  const facts = breached.map(({ key, value, unit }) => ({
    type: 'metric.breached',
    data: { target, key, value, unit },
  }))
  const open = breached.map((reading) => breach(context, target, reading, event['evidence'] ?? null))
  return { record: [...record, ...facts], open }
}

/** A measurement could not be made: that is a fact, and no metric is guessed. */
const measureFailed: Skill = (_, event) => ({
  record: [{ type: 'measure.failed', data: { target: event['target'], why: event['why'] } }],
})

/** A task: the chief may order an index; anything else waits in the inbox. */
const task: Skill = (context, event) => {
  const data = (event['data'] ?? {}) as JsonObject
  if (event['task'] !== 'build-index') return receive(context, event)
  // A person's word in a chief's name changes a database only when a token vouches for it.
  const unvouched = event.by !== undefined && !personOf(event.by).tokened
  if (event.from !== context.chief || unvouched) {
    const why = unvouched ? 'an order by hand takes a token' : 'an index is built on the word of my chief'
    const refusal = { task: 'build-index', result: { ok: false, why } }
    return {
      record: [{ type: 'task.refused', actor: event.from, data: { task: 'build-index' } }],
      send: [{ to: textOf(event.from), type: 'task_complete', body: refusal }],
    }
  }
  const perform = {
    activity: 'index.build',
    input: { ...data, replyTo: event.from },
    timeoutMs: BUILD_TIMEOUT_MS,
  }
  return {
    record: [{ type: 'task.accepted', actor: event.from, data: { task: 'build-index', ...data } }],
    perform: [perform],
  }
}

/** The index stands: measure again before anybody is told that it helped. */
const indexBuilt: Skill = (context, event) => {
  const { target, incidentId, replyTo, before, index, ms, sizeBytes } = event
  const recheck: Recheck = {
    incidentId,
    replyTo,
    task: 'build-index',
    before: before ?? null,
    index: index ?? null,
  } as Recheck
  return {
    record: [{ type: 'index.built', data: { target, index, ms, sizeBytes } }],
    perform: [measuring(context, { target: textOf(target), recheck })],
  }
}

/** The index could not be built: whoever ordered it learns why. */
const indexFailed: Skill = (_, event) => {
  const { target, incidentId, replyTo, why } = event
  return {
    record: [{ type: 'index.failed', data: { target, why } }],
    send: [
      {
        to: textOf(replyTo),
        type: 'task_complete',
        body: { task: 'build-index', result: { ok: false, incidentId, why } },
      },
    ],
  }
}

/** Layer 1, Database Architecture: measures, opens incidents with evidence, and builds what its chief approves. */
export const layer1: Mind = {
  skills: {
    watch,
    wake,
    measure: measureNow,
    'measure.done': measured,
    'measure.failed': measureFailed,
    task_request: task,
    'index.built': indexBuilt,
    'index.failed': indexFailed,
  },
}

function measuring(context: AgentContext, input: JsonObject): PerformParams {
  return {
    activity: 'database.measure',
    input: { ...input, thresholds: context.metrics },
    timeoutMs: MEASURE_TIMEOUT_MS,
  }
}

function breach(context: AgentContext, target: string, reading: Reading, evidence: Json): OpenParams {
  const { key, value, unit, comparator, threshold } = reading
  const about = evidence !== null && typeof evidence === 'object' && !Array.isArray(evidence) ? evidence : {}
  const shown = value === null ? 'unknown' : String(Math.round(value * 10) / 10)
  const dedupKey = `${key} ${target}`
  return {
    actorType: 'incident',
    key: `${context.agentId} ${dedupKey}`,
    body: {
      agent: context.agentId,
      category: CATEGORY_OF[key] ?? 'performance',
      title: `${key} of ${target} is ${shown} ${unit}, promised ${comparator} ${threshold} ${unit}`,
      dedupKey,
      evidence: { ...about, target, metric: { key, value, unit, threshold } },
    },
  }
}

function report(recheck: Recheck, readings: Reading[], record: RecordParams[]): ReturnType<Skill> {
  const reading = readings.find(({ key }) => key === 'query-response-time')
  const { incidentId, replyTo, task: done, before, index } = recheck
  const after = reading?.value ?? null
  const ok = reading?.ok === true
  const result: JsonObject = { ok, incidentId, index, p95MsBefore: before, p95MsAfter: after }
  return { record, send: [{ to: replyTo, type: 'task_complete', body: { task: done, result } }] }
}
