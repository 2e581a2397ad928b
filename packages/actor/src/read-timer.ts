import { EsaError } from '@esa/protocol'
import type { ArmedTimer } from './actor-definition.ts'

type DelayedRaise = { id: string; delay: number; event: { type: string } }

/**
 * The timer an actor has after a step, read from XState's own `xstate.raise` (delayed) and `xstate.cancel` actions.
 * `moved` says that a timer was armed, re-armed or canceled: that is one epoch.
 * @throws EsaError `actor.two-timers` or `actor.bad-delay` (bug).
 */
export function readTimer(
  actions: { type: string; params?: unknown }[],
  before: ArmedTimer | null,
  at: number,
): { timer: ArmedTimer | null; moved: boolean } {
  const armed = new Map<string, ArmedTimer>()
  if (before !== null) armed.set(before.event, before)
  let moved = false
  for (const { type, params } of actions) {
    if (type === 'xstate.cancel') {
      if (armed.delete((params as { sendId: string }).sendId)) moved = true
    } else if (type === 'xstate.raise' && (params as DelayedRaise).delay !== undefined) {
      const { id, delay, event } = params as DelayedRaise
      armed.set(id, { kind: timerKind(id), dueAt: at + checkedDelay(id, delay), event: event.type })
      moved = true
    }
  }
  if (armed.size > 1) {
    throw new EsaError(
      'actor.two-timers',
      'bug',
      `more than one timer armed: ${[...armed.keys()].join(', ')}`,
    )
  }
  return { timer: [...armed.values()][0] ?? null, moved }
}

/** `xstate.after.ack-wait.incident.triggered` -> `ack-wait`: the delay's name is the timer's kind. */
function timerKind(sendId: string): string {
  return sendId.split('.')[2] ?? sendId
}

function checkedDelay(id: string, delay: number): number {
  if (Number.isSafeInteger(delay) && delay >= 0) return delay
  throw new EsaError(
    'actor.bad-delay',
    'bug',
    `delay ${delay} of ${id} is not a whole number of milliseconds`,
  )
}
