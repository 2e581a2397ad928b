import type { Change, OpenParams, SendParams, StepFacts } from '@esa/actor'
import { type AgentId, type Category, CEO_ID, type Json, type JsonObject } from '@esa/protocol'
import type { DatabaseEventOf, Reading } from './database-events.ts'

/** The activity that reads the metrics of Layer 1's card from a target. */
export const READ_METRICS = 'database.read-metrics'

/** The activity that writes the freeze into the database itself, for the CEO. */
const WRITE_FLAG = 'database.write-freeze-flag'

/** One measurement of a database: its workload runs a bounded time, and the slowest statement is explained, ms. */
const READ_TIMEOUT_MS = 180_000

/** Writing one row, ms. */
const FLAG_TIMEOUT_MS = 30_000

/** Windows in a row that keep a promise again before its incident may be resolved: one good window is luck. */
const RECOVERY_WINDOWS = 3

/** A metric of the card that is out of bounds opens an incident of this category. */
const CATEGORY_OF: Record<string, Category> = {
  'query-response-time': 'performance',
  'index-hit-ratio': 'performance',
  'database-uptime': 'production',
  'data-loss-incidents-during-migrations': 'data-loss',
  'schema-normalization-score': 'architecture',
}

/** What a database's actor starts from: the agent that looks after it, and the metrics of that agent's card. */
export type DatabaseInput = {
  target: string
  agentId: AgentId
  domain: AgentId | null
  thresholds: JsonObject[]
}

/** Why and by whose order a database is frozen. */
export type Frozen = { reason: string; as: string }

/** What a database's actor carries. `freezeOrderedAt` is when the last order to freeze or unfreeze was given, ms. */
export type DatabaseContext = DatabaseInput & {
  everyMs: number | null
  recovering: { [metric: string]: number }
  openChanges: string[]
  frozen: Frozen | null
  freezeOrderedAt: number
}

type Changed = Change<DatabaseContext>

function begin({ target, agentId }: DatabaseContext): Changed {
  return { record: [{ type: 'database.opened', actor: agentId, data: { target } }] }
}

function setWatch(
  { target }: DatabaseContext,
  _: StepFacts,
  { everyMs, orderedBy: { as, by } }: DatabaseEventOf<'watch'>,
): Changed {
  return { set: { everyMs }, record: [{ type: 'watch.set', actor: as, data: { target, everyMs, by } }] }
}

function measure(context: DatabaseContext): Changed {
  const { target } = context
  return { record: [{ type: 'measure.due', data: { target } }], perform: [reading(context)] }
}

function measureNow(
  context: DatabaseContext,
  _: StepFacts,
  { orderedBy: { as, by } }: DatabaseEventOf<'measure'>,
): Changed {
  const { target } = context
  return {
    record: [{ type: 'measure.requested', actor: as, data: { target, by } }],
    perform: [reading(context)],
  }
}

/** A measurement is running: this request gets the same one. */
function joinMeasurement(
  { target }: DatabaseContext,
  _: StepFacts,
  { orderedBy: { as, by } }: DatabaseEventOf<'measure'>,
): Changed {
  return { record: [{ type: 'measure.joined', actor: as, data: { target, by } }] }
}

/**
 * A window was measured: it is reported to the domain, a metric out of bounds opens its incident, and one that was within
 * bounds for long enough proposes that its incident be resolved.
 */
function takeReadings(
  context: DatabaseContext,
  _: StepFacts,
  { readings, evidence }: DatabaseEventOf<'measurement.done'>,
): Changed {
  const { target, agentId } = context
  const breached = readings.filter(({ ok }) => ok === false)
  const { recovering, recovered } = countWindows(context.recovering, readings)
  return {
    set: { recovering },
    record: [
      { type: 'database.measured', data: { target, readings } },
      ...breached.map(({ key, value, unit }) => ({
        type: 'metric.breached',
        data: { target, key, value, unit },
      })),
      ...recovered.map(({ key, value, unit }) => ({
        type: 'metric.recovered',
        data: { target, key, value, unit, windows: RECOVERY_WINDOWS },
      })),
    ],
    open: breached.map((one) => breach(context, one, evidence[one.key] ?? null)),
    perform: recovered.map((one) => ({
      activity: 'incident.propose-resolution',
      input: {
        key: `${agentId} ${dedupKeyOf(one.key, target)}`,
        because: `${stated(one)} in ${RECOVERY_WINDOWS} windows in a row`,
      },
    })),
    send: report(context, readings),
  }
}

/** A measurement that failed is a fact; no metric is guessed. */
function noteFailure(
  { target }: DatabaseContext,
  _: StepFacts,
  { activity, code, message }: DatabaseEventOf<'activity.failed'>,
): Changed {
  return { record: [{ type: 'activity.failed', data: { target, activity, code, message } }] }
}

/** No change goes on here until the freeze is lifted. What the CEO orders is written into the database as well. */
function freeze(
  { target, openChanges }: DatabaseContext,
  _: StepFacts,
  { reason, orderedBy: { as, by }, orderedAt }: DatabaseEventOf<'freeze'>,
): Changed {
  const flag = { activity: WRITE_FLAG, input: { target, reason }, timeoutMs: FLAG_TIMEOUT_MS }
  return {
    set: { frozen: { reason, as }, freezeOrderedAt: orderedAt },
    record: [{ type: 'target.frozen', actor: as, data: { target, reason, by } }],
    send: openChanges.map((to) => frozenNotice(to, { reason, as })),
    perform: as === CEO_ID ? [flag] : [],
  }
}

function unfreeze(
  { target }: DatabaseContext,
  _: StepFacts,
  { orderedBy: { as, by }, orderedAt }: DatabaseEventOf<'unfreeze'>,
): Changed {
  return {
    set: { frozen: null, freezeOrderedAt: orderedAt },
    record: [{ type: 'target.unfrozen', actor: as, data: { target, by } }],
  }
}

/** An order that another one overtook, or by a role that may not give it. */
function refuseOrder(
  { target }: DatabaseContext,
  _: StepFacts,
  { type, orderedBy: { as } }: DatabaseEventOf<'freeze' | 'unfreeze'>,
): Changed {
  return { record: [{ type: 'order.refused', actor: as, data: { target, order: type } }] }
}

function noteFlag({ target }: DatabaseContext): Changed {
  return { record: [{ type: 'freeze.flag_written', data: { target } }] }
}

/** The flag is not in the database, which is how it is where the target's role may not write it: an operator writes it. */
function noteNoFlag(
  { target }: DatabaseContext,
  _: StepFacts,
  { code, message }: DatabaseEventOf<'flag.failed'>,
): Changed {
  const run = `esa db freeze --target ${target}`
  return { record: [{ type: 'freeze.flag_failed', data: { target, why: `${code}: ${message}`, run } }] }
}

/** A change that begins here; on a frozen database it learns so at once, whatever it saw when it was made. */
function registerChange(
  { target, openChanges, frozen }: DatabaseContext,
  _: StepFacts,
  { change }: DatabaseEventOf<'change.opened'>,
): Changed {
  return {
    set: { openChanges: [...openChanges.filter((id) => id !== change), change] },
    record: [{ type: 'change.registered', data: { target, change } }],
    send: frozen === null ? [] : [frozenNotice(change, frozen)],
  }
}

function deregisterChange(
  { target, openChanges }: DatabaseContext,
  _: StepFacts,
  { change }: DatabaseEventOf<'change.ended'>,
): Changed {
  return {
    set: { openChanges: openChanges.filter((id) => id !== change) },
    record: [{ type: 'change.deregistered', data: { target, change } }],
  }
}

function takeCard(
  { target }: DatabaseContext,
  _: StepFacts,
  { thresholds, domain }: DatabaseEventOf<'card.changed'>,
): Changed {
  return { set: { thresholds, domain }, record: [{ type: 'database.card_changed', data: { target } }] }
}

function forget({ target }: DatabaseContext): Changed {
  return { record: [{ type: 'database.forgotten', data: { target } }] }
}

function refuseForget({ target, openChanges }: DatabaseContext): Changed {
  return {
    record: [{ type: 'order.refused', data: { target, order: 'forget', openChanges: openChanges.length } }],
  }
}

/** What a database's actor does, by the names that its machine uses. */
export const databaseActions = {
  begin,
  setWatch,
  measure,
  measureNow,
  joinMeasurement,
  takeReadings,
  noteFailure,
  freeze,
  unfreeze,
  refuseOrder,
  noteFlag,
  noteNoFlag,
  registerChange,
  deregisterChange,
  takeCard,
  forget,
  refuseForget,
}

function reading({ target, thresholds }: DatabaseContext) {
  return { activity: READ_METRICS, input: { target, thresholds }, timeoutMs: READ_TIMEOUT_MS }
}

function frozenNotice(to: string, { reason, as }: Frozen): SendParams {
  return { to, type: 'database.frozen', body: { reason, frozenBy: as } }
}

/** The key under which a breached metric of a target is one incident, however often it is seen. */
function dedupKeyOf(key: string, target: string): string {
  return `${key} ${target}`
}

/** Good windows in a row of each metric that was breached, and those whose incident may be resolved with this window. */
function countWindows(before: { [metric: string]: number }, readings: readonly Reading[]) {
  const recovering = { ...before }
  const recovered: Reading[] = []
  for (const one of readings) {
    const good = before[one.key]
    if (one.ok === false) recovering[one.key] = 0
    if (one.ok !== true || good === undefined) continue
    recovering[one.key] = good + 1
    if (good + 1 < RECOVERY_WINDOWS) continue
    recovered.push(one)
    delete recovering[one.key]
  }
  return { recovering, recovered }
}

/** What the domain learns of every window, through the mailbox. Source: the card, "Reports how the database performs". */
function report({ domain, agentId, target }: DatabaseContext, readings: readonly Reading[]): SendParams[] {
  if (domain === null || domain === agentId) return []
  const breached = readings.filter(({ ok }) => ok === false).map(({ key }) => key)
  const status = `${target}: ${breached.length === 0 ? 'every promise that could be measured is kept' : `out of bounds: ${breached.join(', ')}`}`
  const data: JsonObject = { kind: 'performance', target, readings: [...readings], breached }
  return [{ to: agentId, type: 'report', body: { to: domain, body: { status, data } } }]
}

function shown({ value, unit }: Reading): string {
  return `${value === null ? 'unknown' : String(Math.round(value * 10) / 10)} ${unit}`
}

function stated(one: Reading): string {
  return `${one.key} is ${shown(one)}, promised ${one.comparator} ${one.threshold} ${one.unit},`
}

function breach({ agentId, target }: DatabaseContext, one: Reading, evidence: Json): OpenParams {
  const { key, value, unit, comparator, threshold } = one
  const dedupKey = dedupKeyOf(key, target)
  const more = typeof evidence === 'object' && evidence !== null && !Array.isArray(evidence) ? evidence : {}
  return {
    actorType: 'incident',
    key: `${agentId} ${dedupKey}`,
    body: {
      agent: agentId,
      category: CATEGORY_OF[key] ?? 'performance',
      title: `${key} of ${target} is ${shown(one)}, promised ${comparator} ${threshold} ${unit}`,
      dedupKey,
      evidence: { ...more, target, metric: { key, value, unit, threshold } },
    },
  }
}
