import type { Change, SendParams } from '@esa/actor'
import { textOf } from '@esa/protocol'
import type { AgentContext, AgentEvent, HourTally, Tally } from './mind.ts'
import { objectOf, without } from './records.ts'

/** Tasks of skills that are remembered while they run, the newest: far more than an agent has in hand at once. */
const WORKS_MAX = 1_000

/** An hour, ms. */
export const HOUR_MS = 3_600_000

/** Hours that an agent's work is kept by: the day that a trend shows, the day before it, and nothing older. */
const HOURS_KEPT = 48

/** The counts with one more task that ended at `at` (Unix ms), after `ms`, well or badly: of all its life, and of this hour. */
export function counted(
  context: AgentContext,
  at: number,
  ms: number,
  ok: boolean,
): { tally: Tally; recent: HourTally[] } {
  const hour = Math.floor(at / HOUR_MS)
  const kept = (context.recent ?? []).filter((one) => one.hour > hour - HOURS_KEPT)
  const now = kept.find((one) => one.hour === hour)
  const others = kept.filter((one) => one !== now)
  return {
    tally: oneMore(context.tally, ms, ok),
    recent: [...others, { hour, ...oneMore(now, ms, ok) }],
  }
}

function oneMore(tally: Tally | undefined, ms: number, ok: boolean): Tally {
  const { completed, failed, totalMs } = tally ?? { completed: 0, failed: 0, totalMs: 0 }
  return { completed: completed + (ok ? 1 : 0), failed: failed + (ok ? 0 : 1), totalMs: totalMs + ms }
}

/**
 * Follows a skill's tasks from the message that asks for one to the message that reports it: the report gets the thread
 * and the id that it answers, and the tally counts it. `change` is what the skill did about `event`.
 */
export function followWork(
  context: AgentContext,
  event: AgentEvent,
  change: Change<AgentContext>,
): Change<AgentContext> {
  let now: AgentContext = { ...context, ...change.set }
  const full = change.record?.some(({ type }) => type === 'agent.inbox_full') === true
  const begun = full ? null : workIn(now, event)
  if (begun !== null) now = { ...now, works: { ...newest(now.works ?? {}), ...begun } }
  let ended = false
  const send = (change.send ?? []).map((sent) => {
    const answered = sent.body['inReplyTo']
    const entry = Object.entries(now.works ?? {}).find(
      ([id, { from, task }]) =>
        sent.type === 'task_complete' &&
        sent.to === from &&
        sent.body['task'] === task &&
        (answered === undefined || answered === id),
    )
    if (entry === undefined) return sent
    const [messageId, { thread, at, handedOverBy }] = entry
    const result = sent.body['result'] as { ok?: unknown } | undefined
    now = {
      ...now,
      works: without(now.works ?? {}, messageId),
      ...counted(now, event.at, event.at - at, result?.ok !== false),
    }
    ended = true
    const links = { inReplyTo: messageId, thread, ...(handedOverBy === undefined ? {} : { handedOverBy }) }
    return { ...sent, body: { ...sent.body, ...links }, thread }
  })
  const told = readByOperator({ ...change, send })
  if (begun === null && !ended) return told
  const { works = {}, tally, recent } = now
  const counts = { ...(tally && { tally }), ...(recent && { recent }) }
  return { ...told, set: { ...change.set, works, ...counts } }
}

/** An operator has no mailbox: what is reported to one is in the log, where `esa tasks show` reads it. */
function readByOperator(change: Change<AgentContext>): Change<AgentContext> {
  const [forOperator, send] = [[], []] as [SendParams[], SendParams[]]
  for (const sent of change.send ?? []) (sent.to === 'operator' ? forOperator : send).push(sent)
  if (forOperator.length === 0) return change
  const answers = forOperator.map(({ body }) => {
    const { inReplyTo, thread, result } = body
    return { type: 'agent.answered', data: { item: inReplyTo, thread, text: result, to: 'operator' } }
  })
  return { ...change, send, record: [...(change.record ?? []), ...answers] }
}

/** The task that a skill took on with this event: one that waits in the inbox is not work yet. */
function workIn(context: AgentContext, event: AgentEvent): AgentContext['works'] | null {
  const { messageId } = event
  if (event.type !== 'task_request' || messageId === undefined || context.inbox[messageId] !== undefined)
    return null
  const thread = textOf(event['thread']) || messageId
  const by = textOf(objectOf(event['handedOver'])['by'])
  const work = { from: event.from ?? '', task: textOf(event['task']), thread, at: event.at }
  return { [messageId]: by === '' ? work : { ...work, handedOverBy: by } }
}

/** Works with room for one more: what ended unseen, while the agent was stopped for one, must not keep others out. */
function newest(works: NonNullable<AgentContext['works']>): NonNullable<AgentContext['works']> {
  const ids = Object.keys(works)
  if (ids.length < WORKS_MAX) return works
  const oldestFirst = ids.toSorted((a, b) => works[a]!.at - works[b]!.at)
  return without(works, ...oldestFirst.slice(0, ids.length - WORKS_MAX + 1))
}
