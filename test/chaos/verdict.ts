import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { incidentDefinition, INCIDENT_TYPE } from '@esa/escalation'
import { brokenInvariants } from '@esa/simulator'
import type { LockedActor, StoredEvent } from '@esa/store'
import type { ChaosWorld } from './chaos-world.ts'
import type { Records } from './driver.ts'
import { foretell } from './ladder-oracle.ts'
import { LATE_MAX_MS } from './outages.ts'

/**
 * Once the last fault is healed, everything must be delivered in this time: a row whose ring was lost with its worker
 * again and again is rung every 64 s in the end, and one that was claimed by a killed worker is free after 35 s, ms.
 */
const SETTLED_WITHIN_MS = 120_000

/** What a run found. Every list must be empty; lateness is counted from healing, ms. */
export interface Verdict {
  incidents: number
  events: number
  lost: string[]
  doubled: string[]
  early: string[]
  /** Anything else that is not as docs/escalation.md has it, and logs that do not replay. */
  wrong: string[]
  late: { timers: number; p50: number; p99: number; max: number }
  /** Deadlines later than is promised, each with what had struck before. */
  tooLate: string[]
}

/** Invariants whose breach is more than a wrong log. */
const DOUBLED = /^(?:7|12|15) /
const EARLY = /^4 /

/** Lets what is under way end, then compares the final log with everything that is known of the run. */
export async function judge(world: ChaosWorld, driver: Records): Promise<Verdict> {
  const lost = await settled(world)
  // An exhausted incident raises its alarm again and again, also while it is judged: none of before may be without its event.
  const leftBefore = await alarmsThatLeft(world)
  const actors = await world.store.listActors({ type: INCIDENT_TYPE })
  const verdict: Verdict = {
    incidents: actors.length,
    events: 0,
    lost,
    doubled: [],
    early: [],
    wrong: [],
    ...(await lateness(world)),
  }
  const logs = new Map<string, StoredEvent[]>()
  for (const actor of actors) {
    const events = await world.store.readStream(actor.state.id)
    logs.set(actor.state.id, events)
    verdict.events += events.length
    judgeIncident(actor, events, verdict)
  }
  judgeAnswers(driver, logs, await openedByAgents(world), verdict)
  judgeOpenings(driver, logs, verdict)
  await judgeNotices(world, logs, verdict)
  verdict.lost.push(...(await settled(world)))
  judgeAlarms(logs, { before: leftBefore, after: await alarmsThatLeft(world) }, verdict)
  verdict.wrong.push(...(await unlikeReplay(world)))
  return verdict
}

/** What is not over in time, as things that are lost. */
async function settled(world: ChaosWorld): Promise<string[]> {
  const { store } = world
  const giveUpAt = performance.now() + SETTLED_WITHIN_MS
  for (;;) {
    const { messages, activities, dead } = await store.backlog()
    const { ids } = await store.due(1)
    if (messages + activities + ids.length === 0) return dead === 0 ? [] : await givenUp(world)
    if (performance.now() > giveUpAt)
      return [`not over: ${messages} messages, ${activities} activities, overdue ${ids.join()}`]
    await pause(100)
  }
}

async function givenUp({ servers, url }: ChaosWorld): Promise<string[]> {
  const rows = await servers.postgres.run<{ code: string; type: string; n: number }>(
    'select dead_code as code, type, count(*)::int as n from esa.messages where dead_code is not null group by 1, 2',
    url,
  )
  return rows.map(({ code, type, n }) => `${n} messages ${type} were given up: ${code}`)
}

function judgeIncident({ state, head }: LockedActor, events: StoredEvent[], verdict: Verdict): void {
  const { id } = state
  // A later version in these runs is the same machine under another number.
  const { version } = incidentDefinition({ timeScale: 1 })
  for (const fault of brokenInvariants({ events, row: { state: { ...state, version }, head } })) {
    const list = DOUBLED.test(fault) ? verdict.doubled : EARLY.test(fault) ? verdict.early : verdict.wrong
    list.push(`${id}: invariant ${fault}`)
  }
  const { faults, status, dueAt } = foretell(events)
  for (const fault of faults)
    (fault.endsWith('served early') ? verdict.early : verdict.wrong).push(`${id}: ${fault}`)
  if (status !== state.status || dueAt !== (state.timer?.dueAt ?? null))
    verdict.lost.push(
      `${id}: must be ${status} until ${dueAt}, is ${state.status} until ${state.timer?.dueAt}`,
    )
}

/** Every acknowledged event is in the log as it was answered, and no command is there twice. */
function judgeAnswers(
  { asked }: Records,
  logs: Map<string, StoredEvent[]>,
  byAgents: Map<string, number>,
  verdict: Verdict,
): void {
  const times = new Map<string, number>()
  for (const { incidentId, type, answered } of asked) {
    if (incidentId === null) continue
    times.set(`${incidentId} ${type}`, (times.get(`${incidentId} ${type}`) ?? 0) + 1)
    for (const event of answered ?? []) {
      const kept = logs.get(incidentId)?.[event.seq - 1]
      if (kept?.type !== event.type || kept.at !== event.at)
        verdict.lost.push(`${incidentId}: ${type} was answered with ${event.type}, the log has ${kept?.type}`)
    }
  }
  for (const [id, events] of logs) {
    const given = events.flatMap(({ input }) => (input?.kind === 'event' ? [input.event.type] : []))
    for (const [type, found] of Map.groupBy(given, (type) => type)) {
      // A request without an answer may have opened it, or be a duplicate.
      const unnamed = type === 'open' ? unanswered(asked, events) + (byAgents.get(keyOf(events)) ?? 0) : 0
      const most = (times.get(`${id} ${type}`) ?? 0) + unnamed
      if (!type.startsWith('notice.') && found.length > most)
        verdict.doubled.push(
          `${id}: ${found.length} times ${type}, requested ${most} times: ${JSON.stringify(events[0]?.data)}`,
        )
    }
  }
}

function unanswered(asked: Records['asked'], events: StoredEvent[]): number {
  const key = keyOf(events)
  return asked.filter((each) => each.answered === null && each.key === key).length
}

/** The agent and the key under which an incident was opened. */
function keyOf(events: StoredEvent[]): string {
  const { policy, dedupKey } = (events[0]?.data ?? {}) as { policy?: { agent: string }; dedupKey?: string }
  return `${policy?.agent} ${dedupKey}`
}

/** How often agents themselves have requested an opening, by its key: one that is overloaded says so again and again. */
async function openedByAgents({ servers, url }: ChaosWorld): Promise<Map<string, number>> {
  const rows = await servers.postgres.run<{ key: string; n: number }>(
    `select to_key as key, count(*)::int as n from esa.messages
     where type = 'open' and to_type = '${INCIDENT_TYPE}' and to_key is not null group by 1`,
    url,
  )
  return new Map(rows.map(({ key, n }) => [key, n]))
}

/** One incident for every key that was opened. */
function judgeOpenings({ opened }: Records, logs: Map<string, StoredEvent[]>, verdict: Verdict): void {
  const keys = [...logs.values()].flatMap(([first]) => {
    const key = first?.data['dedupKey']
    return typeof key === 'string' ? [key] : []
  })
  for (const [id, key] of opened) {
    const found = keys.filter((each) => each === key).length
    if (found === 0) verdict.lost.push(`${id}: opened, and not there`)
    if (found > 1) verdict.doubled.push(`${id}: opened ${found} times`)
  }
}

type NoticeRow = {
  type: string
  target: string
  incident: string
  visit: number
  sent: number
  heard: number
}

/** Every notice ends once: sent, and then heard once by its addressee; or dropped, or failed. */
async function judgeNotices(
  world: ChaosWorld,
  logs: Map<string, StoredEvent[]>,
  verdict: Verdict,
): Promise<void> {
  const rows = await world.servers.postgres.run<NoticeRow>(
    `select m.type, m.to_actor as target, m.body->>'incidentId' as incident, (m.body->>'visit')::int as visit,
      count(*)::int as sent, count(e.stream)::int as heard
     from esa.messages m left join esa.events e on e.stream = m.to_actor and e.input_id = m.id
     where m.type in ('incident.notice', 'incident.copy', 'incident.taken', 'incident.closed') group by 1, 2, 3, 4`,
    world.url,
  )
  // No life in these runs sends the same notice twice in one round.
  for (const { type, target, incident, visit, sent, heard } of rows.filter((row) => row.sent > 1))
    verdict.doubled.push(
      `${incident}: ${type} to ${target}, visit ${visit}, sent ${sent} times, heard ${heard} times`,
    )
  const notices = rows.filter(({ type }) => type === 'incident.notice')
  const mailed = new Map(notices.map((row) => [`${row.incident} ${row.visit} ${row.target}`, row]))
  for (const [id, events] of logs) {
    const ends = events.filter(({ type }) => type.startsWith('notice.'))
    for (const { data } of events.filter(({ type }) => type === 'incident.notified')) {
      const { targets, visit } = data as { targets: string[]; visit: number }
      for (const target of targets) {
        const ended = ends.filter((end) => end.data['target'] === target && end.data['visit'] === visit)
        const notice = `${id}: the notice to ${target}, visit ${visit},`
        if (ended.length === 0) verdict.lost.push(`${notice} never ended`)
        if (ended.length > 1) verdict.doubled.push(`${notice} ended ${ended.length} times`)
        const { heard = 0 } = mailed.get(`${id} ${visit} ${target}`) ?? {}
        if (ended[0]?.type === 'notice.sent' && heard === 0) verdict.lost.push(`${notice} was not heard`)
      }
    }
  }
}

/** How many alarms of each incident have left the bus; the same one may have done so twice, under one id. */
async function alarmsThatLeft(world: ChaosWorld): Promise<Map<string, number>> {
  const lines = (await readFile(world.alarmFile, 'utf8').catch(() => ''))
    .split('\n')
    .filter((line) => line !== '')
  const alarms = lines.map((line) => JSON.parse(line) as { id: string; subject: string })
  const ids = Map.groupBy(
    new Set(alarms.map(({ id, subject }) => `${subject} ${id}`)),
    (each) => each.split(' ')[1]!,
  )
  return new Map([...ids].map(([incident, each]) => [incident, each.length]))
}

/** Every alarm of the log has left the bus, and none that the log does not know; `before` and `after` the log was read. */
function judgeAlarms(
  logs: Map<string, StoredEvent[]>,
  left: Record<'before' | 'after', Map<string, number>>,
  verdict: Verdict,
): void {
  for (const [id, events] of logs) {
    const raised = events.filter(
      ({ type }) => type === 'incident.exhausted' || type === 'incident.alarmed',
    ).length
    const [before, after] = [left.before.get(id) ?? 0, left.after.get(id) ?? 0]
    if (after < raised) verdict.lost.push(`${id}: ${raised} alarms raised, ${after} left the bus`)
    if (before > raised) verdict.doubled.push(`${id}: ${raised} alarms raised, ${before} left the bus`)
  }
}

async function lateness({
  servers,
  url,
  outages,
  struck,
}: ChaosWorld): Promise<Pick<Verdict, 'late' | 'tooLate'>> {
  const rows = await servers.postgres.run<{ id: string; at: string; late: string }>(
    `select stream || ' event ' || seq as id, at, late_ms as late from esa.events where late_ms is not null`,
    url,
  )
  const served = rows.map(({ id, at, late }) => ({ id, at: Number(at), lateMs: Number(late) }))
  const late = served.map((timer) => outages.lateness(timer)).sort((a, b) => a - b)
  const tooLate = served.flatMap((timer) => {
    const ms = outages.lateness(timer)
    if (ms <= LATE_MAX_MS) return []
    const dueAt = timer.at - timer.lateMs
    const before = struck.filter(({ at }) => at <= timer.at).slice(-2)
    const faults = before.map(
      ({ name, at }) => `${name} at due ${at < dueAt ? '-' : '+'} ${Math.abs(at - dueAt)} ms`,
    )
    return [
      `${timer.id}: due ${dueAt}, served ${timer.lateMs} ms later, ${ms} ms after it could be; ${faults.join(', ')}`,
    ]
  })
  const of = (share: number): number => late[Math.min(late.length - 1, Math.floor(share * late.length))] ?? 0
  return { late: { timers: late.length, p50: of(0.5), p99: of(0.99), max: of(1) }, tooLate }
}

interface Verified {
  identical: number
  checked: number
  unchecked: number
  diverged: { id: string; why: string }[]
  chain: { broken: { id: string; why: string }[] }
}

/** What the product's own check finds in all logs, those of the agents too. */
async function unlikeReplay(world: ChaosWorld): Promise<string[]> {
  const { checked, identical, unchecked, diverged, chain } = await world.esa<Verified>(
    'replay',
    'verify',
    '--all',
  )
  const told = [
    ...diverged.map(({ id, why }) => `${id}: replay diverges: ${why}`),
    ...chain.broken.map(({ id, why }) => `${id}: chain broken: ${why}`),
  ]
  if (told.length === 0 && identical + unchecked !== checked)
    told.push(`${checked - identical} logs not replayed`)
  return told
}
