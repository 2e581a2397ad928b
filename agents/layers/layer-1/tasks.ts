import type { OpenParams } from '@esa/actor'
import { type Json, type JsonObject, type Scope, textOf } from '@esa/protocol'
import {
  type AgentContext,
  askBack,
  decline,
  objectOf,
  report,
  type Skill,
  taken,
  type TaskAbout,
} from '@esa/behavior'

/** A look at a database, in words, the scope that it takes, and how long it may take, ms. */
type Look = TaskAbout & { scope: Scope; timeoutMs: number }

const QUICK_MS = 60_000
/** Looks that run a workload, copy rows or build indexes. */
const LONG_MS = 600_000

const look = (about: string, words: string, needs: string[] = [], timeoutMs = QUICK_MS): Look => ({
  about,
  words: words.split(' '),
  needs,
  scope: 'db:read',
  timeoutMs,
})

/** A look that runs SQL on a copy of the database, where the caller's SQL may do anything. */
const trial = (about: string, words: string, needs: string[] = []): Look => ({
  ...look(about, words, needs, LONG_MS),
  scope: 'db:plan',
})

/** Every inspection of Layer 1 on request; each reads and changes nothing. Source: the card's responsibilities. */
export const LOOKS: Record<string, Look> = {
  'serve-endpoint': trial(
    'indexes for the queries of an endpoint, with measured plans',
    'endpoint serve route',
    ['queries'],
  ),
  'tune-connections': look(
    'pool size, transaction and ORM settings from the server’s numbers',
    'pool connection connections transaction orm',
  ),
  explain: look('the plan of one query and what it wastes', 'explain plan seq scan query slow', ['sql']),
  lint: trial('what a migration locks and rewrites', 'lint migration lock rewrite ddl', ['sql']),
  verify: trial('whether a migration loses data, on a copy', 'verify lose loss lossless checksum', ['sql']),
  normalize: look(
    'facts that are stored twice, found in the data',
    'normalize normalized normalised normalization dependency bcnf twice',
    [],
    LONG_MS,
  ),
  integrity: look(
    'keys, references and constraints that do not hold',
    'integrity orphan foreign key constraint broken',
  ),
  storage: look(
    'growth, bloat, and what is worth partitioning',
    'storage size bloat vacuum partition partitioning growth',
  ),
  advise: trial('indexes that a workload gains from, tried on a copy', 'advise missing faster recommend'),
  queries: look('the queries that cost most', 'query slow slowest top expensive'),
  indexes: look(
    'indexes that are duplicate, unused, invalid or bloated',
    'index unused duplicate bloated review',
  ),
  schema: look('what is wrong with the design of tables', 'schema model design table type naming'),
  measure: look('the metrics of its card', 'measure metric p95 uptime', [], LONG_MS),
  check: look('everything above that is quick', 'check health audit everything'),
}

/** A request for an inspection of a database: the watched one unless it names another. */
export const lookFor: Skill = (context, event) => {
  const task = textOf(event['task'])
  const { timeoutMs, needs } = LOOKS[task]!
  const data = objectOf(event['data'])
  const target = textOf(data['target']) || textOf(context.memory['target'])
  const missing = [
    ...(target === '' ? ['target'] : []),
    ...needs.filter((field) => data[field] === undefined),
  ]
  if (missing.length > 0) {
    return askBack(
      context,
      event,
      `${task} takes ${missing.join(' and ')} in its data: which one do you mean?`,
    )
  }
  if (target.includes('://'))
    return decline(event, 'a target travels by its name, never as a URL: esa targets add')
  const messageId = event.messageId ?? ''
  const asker = { from: event.from, task, messageId, thread: textOf(event['thread']) || messageId }
  const input: JsonObject = { ...data, target, kind: task, thresholds: context.metrics, asker }
  return { record: [taken(event)], perform: [{ activity: 'database.look', input, timeoutMs }] }
}

/** What an inspection found goes to the requester; a migration that would lose data goes to the CEO as well. */
export const looked: Skill = (context, event) => {
  const { asker, kind, target, found } = event
  const { lossless, mismatches } = objectOf(found)
  const open =
    kind === 'verify' && lossless === false ? [lossOf(context, textOf(target), mismatches ?? [])] : []
  const result: JsonObject = { ok: true, kind, target, ...objectOf(found) }
  return {
    record: [
      { type: 'database.looked', data: { kind, target, bytes: JSON.stringify(found ?? null).length } },
    ],
    send: [report(askerOf(asker), result)],
    open,
  }
}

/** Mismatches that an incident carries: enough to see what kind of loss it is. */
const MISMATCHES_SHOWN = 50

function lossOf({ agentId }: AgentContext, target: string, mismatches: Json): OpenParams {
  const shown = Array.isArray(mismatches) ? mismatches.slice(0, MISMATCHES_SHOWN) : []
  const dedupKey = `data-loss ${target} proposed migration`
  return {
    actorType: 'incident',
    key: `${agentId} ${dedupKey}`,
    body: {
      agent: agentId,
      category: 'data-loss',
      title: `a proposed migration loses data of ${target}`,
      dedupKey,
      evidence: { target, mismatches: shown, rehearsed: true },
    },
  }
}

/** A failed inspection: the requester learns why, and nothing is guessed. */
export const lookFailed: Skill = (_, event) => {
  const { asker, kind, target, why } = event
  return {
    record: [{ type: 'database.look_failed', data: { kind, target, why } }],
    send: [report(askerOf(asker), { ok: false, kind, target, why })],
  }
}

function askerOf(asker: unknown): Parameters<typeof report>[0] {
  const { from, task, messageId, thread } = asker as Record<string, string>
  return { from: textOf(from), task: textOf(task), messageId: textOf(messageId), thread: textOf(thread) }
}
