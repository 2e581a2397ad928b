import { incidentContext } from '@esa/escalation'
import { thawDatabase } from '@esa/database-catalog/guard'
import { formatDuration, type Json, type JsonObject, textOf } from '@esa/protocol'
import type { StoredEvent } from '@esa/store'
import type { DemoWorker } from './demo-worker.ts'
import { type DemoWorld, SHOP_TARGET } from './demo-world.ts'
import type { Progress } from '@esa/cli/plugin-kit'
import { compareCopy, plantMissingRows, restoreMissingRows } from './shop-archive.ts'

/** Longest that any part of the story may take, ms: the machine is slow then, or something is broken. */
const PART_MS = 180_000

/** What the story needs of its surroundings. */
export interface Stage {
  demo: DemoWorld
  progress: Progress
  /** Kills the worker with SIGKILL and starts another. */
  replaceWorker(): Promise<{ killed: number; worker: DemoWorker }>
}

/** Layer 1 asks its peers about connections; one of them answers from the server's own numbers. */
export async function integrationStory({ demo, progress }: Stage): Promise<string> {
  progress.step('An integration incident goes to the two peers on the card of layer-1')
  const { rows } = await demo.shop.query<{ max: number; used: number }>(
    `select current_setting('max_connections')::int as max, (select count(*)::int from pg_stat_activity) as used`,
  )
  const { max, used } = rows[0]!
  const evidence = { kind: 'connections', maxConnections: max, usedConnections: used, processes: 4 }
  const id = await demo.incident(
    'integration',
    `how large may the pools be? ${used} of ${max} connections are taken`,
    evidence,
  )
  const resolved = await demo.event(id, 'incident.resolved', PART_MS)
  progress.detail(`${resolved.actor} answers: ${textOf(resolved.data['cause'])}`)
  return id
}

/** Rows of a copy are missing: the CEO is notified in the very transaction that opens the incident. */
export async function dataLossStory({ demo, progress }: Stage): Promise<string> {
  progress.step('A data-loss incident reaches the CEO in the transaction that opens it')
  await plantMissingRows(demo.shop)
  const found = await compareCopy(demo.shop)
  const evidence: JsonObject = { ...found, target: SHOP_TARGET }
  const id = await demo.incident(
    'data-loss',
    `${found.missing} rows of ${found.source} are missing from ${found.copy}`,
    evidence,
  )
  const [opened, , notified] = await demo.events(id)
  const same =
    opened !== undefined && notified !== undefined && opened.at === notified.at && notified.inputId === null
  progress.detail(
    `counted ${found.missing} missing rows; CEO notified ${same ? 'in the same commit' : 'later'}: ${toldOf(notified)}`,
  )
  await demo.event(id, 'incident.acknowledged', PART_MS)
  // In the database and at Layer 1: an operator who lifts it must not be overtaken.
  for (const agent of ['agent-0', 'layer-1']) await saidSince(demo, agent, 'target.frozen', opened?.at ?? 0)
  progress.detail(
    `the CEO froze ${SHOP_TARGET}: nothing is built or applied there until an operator lifts it`,
  )
  const restored = await restoreMissingRows(demo.shop)
  const left = (await compareCopy(demo.shop)).missing
  await demo.command(id, {
    type: 'resolve',
    cause: `${restored} rows restored from ${found.source}, ${left} missing now`,
  })
  await thawDatabase(demo.shop)
  await demo.command('layer-1', { type: 'thaw', target: SHOP_TARGET })
  progress.detail(
    `an operator restored ${restored} rows, counted again (${left} missing) and lifted the freeze`,
  )
  return id
}

/** Layer 1 measures the shop, finds p95 over its promise, and opens an incident with the plan as evidence. */
export async function breachStory({ demo, progress }: Stage): Promise<string> {
  progress.step('Layer 1 measures the shop: it runs the workload and times every statement')
  await demo.command('layer-1', { type: 'measure', target: SHOP_TARGET })
  const incident = await demo.until('the breach', PART_MS, async () =>
    (await demo.openIncidents()).find(({ dedupKey }) => dedupKey?.startsWith('query-response-time') === true),
  )
  progress.detail(incident.title)
  const { proposedIndex } = incident.evidence as { proposedIndex?: { ddl?: string } }
  progress.detail(
    `evidence: the plan of the slowest statement; it lacks: ${proposedIndex?.ddl ?? 'nothing that an index gives'}`,
  )
  return incident.id
}

/** Domain 1 is a person's seat and stays silent. The worker is killed in the middle of the wait, and the deadline holds. */
export async function silentDomainStory({ demo, progress, replaceWorker }: Stage, id: string): Promise<void> {
  await demo.event(id, 'notice.sent', PART_MS)
  const { path, deadlineAt, nowAt } = await demo.view(id)
  const left = Date.parse(deadlineAt ?? nowAt) - Date.parse(nowAt)
  progress.step(
    `domain-1 is notified and stays silent; ${formatDuration(left)} to the deadline (${formatDuration(path[0]!.waitMs)} in all)`,
  )
  demo.stopIfInterrupted()
  const { killed, worker } = await replaceWorker()
  progress.detail(
    `worker ${killed} killed with SIGKILL in the middle of the wait; worker ${worker.pid} started, ready in ${worker.readyMs} ms`,
  )
  const escalated = await demo.event(id, 'incident.escalated', PART_MS)
  progress.detail(`the deadline held: ${escalated.level} notified ${escalated.lateMs} ms after it`)
}

/**
 * Chief 1 recognizes the evidence and has the index tried; it approves the very statement on what was measured, Layer 1
 * builds it concurrently, and the incident is resolved when the promise is kept again.
 */
export async function chiefStory({ demo, progress }: Stage, id: string): Promise<void> {
  progress.step('Chief 1 reads the evidence')
  await demo.event(id, 'incident.acknowledged', PART_MS)
  const since = incidentOpenedAt(await demo.world.store.readActor(id))
  const said = (agent: string, type: string): Promise<StoredEvent> => saidSince(demo, agent, type, since)
  progress.detail(`acknowledged: ${textOf((await said('chief-1', 'agent.decided')).data['because'])}`)
  const tried = objectOf((await said('layer-1', 'index.rehearsed')).data['evidence'])
  progress.detail(
    `layer-1 tried it on a copy with its rows: p95 ${textOf(tried['p95MsBefore'])} ms before, ${textOf(tried['p95MsAfter'])} ms after, ${textOf(tried['sizeBytes'])} bytes`,
  )
  const { data: approved } = await said('chief-1', 'agent.approved')
  progress.detail(`chief-1 approves the statement ${textOf(approved['hash'])}`)
  progress.detail(`because ${textOf(approved['because'])}`)
  const { data: built } = await said('layer-1', 'index.built')
  progress.detail(
    `the approval is used up, once; layer-1 built ${textOf(built['index'])} concurrently in ${formatDuration(Number(built['ms']))}`,
  )
  const resolved = await demo.event(id, 'incident.resolved', PART_MS)
  progress.detail(`measured again and resolved: ${textOf(resolved.data['cause'])}`)
}

/** Waits for an agent's event that is not of an earlier run. */
function saidSince(demo: DemoWorld, agent: string, type: string, since: number): Promise<StoredEvent> {
  return demo.until(`${type} of ${agent}`, PART_MS, async () =>
    (await demo.events(agent)).findLast((event) => event.type === type && event.at >= since),
  )
}

function objectOf(value: unknown): Record<string, Json> {
  return value !== null && typeof value === 'object' ? (value as Record<string, Json>) : {}
}

function incidentOpenedAt(actor: Awaited<ReturnType<DemoWorld['world']['store']['readActor']>>): number {
  return actor === null ? 0 : incidentContext(actor.state).openedAt
}

function toldOf(notified: StoredEvent | undefined): string {
  const targets = notified?.data['targets']
  return Array.isArray(targets) ? targets.map(textOf).join(', ') : 'nobody'
}
