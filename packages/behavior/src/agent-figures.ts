import type { Directory } from '@esa/org'
import type { AgentId } from '@esa/protocol'
import type { AgentContext, HourTally } from './mind.ts'
import { HOUR_MS } from './work.ts'
import { isOverloaded, type Workload, workloadOf } from './workload.ts'

/** What an agent exposes of its work. `averageMs` and `errorRate` are null before the first task has ended. */
export interface AgentFigures {
  agent: AgentId
  tasksCompleted: number
  tasksFailed: number
  averageMs: number | null
  /** Share of ended tasks that ended badly, 0 to 1. */
  errorRate: number | null
  /** Its log's last entry, Unix ms; null for an agent that has never had a message. */
  lastActiveAt: number | null
  openItems: number
  awaited: number
  workload: Workload
}

/** The figures of several agents as one. `mean` values are over tasks, not over agents. */
type TeamFigures = Omit<AgentFigures, 'agent' | 'workload'> & { agents: number; overloaded: AgentId[] }

/** What ended between two instants, Unix ms. */
export type WindowFigures = { since: number; until: number } & Pick<
  AgentFigures,
  'tasksCompleted' | 'tasksFailed' | 'averageMs' | 'errorRate'
>

/** Hours of one window of a trend: a day, with the current hour as the last. */
const WINDOW_HOURS = 24

/** What agents have done in the last day against the day before it. */
export function trendOf(
  contexts: Pick<AgentContext, 'recent'>[],
  now: number,
): { last: WindowFigures; before: WindowFigures } {
  const first = Math.floor(now / HOUR_MS) - WINDOW_HOURS + 1
  const ended = contexts.flatMap(({ recent = [] }) => recent)
  const within = (from: number, until: number): WindowFigures => {
    const hours = ended.filter(({ hour }) => hour >= from && hour < from + WINDOW_HOURS)
    const sum = (of: (hour: HourTally) => number): number => hours.reduce((all, one) => all + of(one), 0)
    const [completed, failed] = [sum((one) => one.completed), sum((one) => one.failed)]
    const counts = { tasksCompleted: completed, tasksFailed: failed }
    const rates = ratios(
      completed,
      failed,
      sum((one) => one.totalMs),
    )
    return { since: from * HOUR_MS, until, ...counts, ...rates }
  }
  return { last: within(first, now), before: within(first - WINDOW_HOURS, first * HOUR_MS) }
}

/** Agents whose chief or domain this agent is. */
export function teamOf(directory: Directory, id: AgentId): AgentId[] {
  return directory
    .all()
    .map((agent) => agent.id)
    .filter((other) => other !== id && [directory.chiefOf(other), directory.domainOf(other)].includes(id))
}

/** The figures of one agent; `mailbox` is null for one without a mailbox yet. */
export function figuresOf(
  agent: AgentId,
  mailbox: { context: AgentContext; at: number } | null,
): AgentFigures {
  const { completed, failed, totalMs } = mailbox?.context.tally ?? { completed: 0, failed: 0, totalMs: 0 }
  const inbox = mailbox?.context.inbox ?? {}
  return {
    agent,
    tasksCompleted: completed,
    tasksFailed: failed,
    ...ratios(completed, failed, totalMs),
    lastActiveAt: mailbox?.at ?? null,
    openItems: Object.keys(inbox).length,
    awaited: Object.keys(mailbox?.context.awaiting ?? {}).length,
    workload: workloadOf(inbox),
  }
}

/** What a domain or a chief sees of its agents. */
export function aggregate(figures: AgentFigures[]): TeamFigures {
  const sum = (of: (figure: AgentFigures) => number): number => figures.reduce((all, one) => all + of(one), 0)
  const tasksCompleted = sum((one) => one.tasksCompleted)
  const tasksFailed = sum((one) => one.tasksFailed)
  const totalMs = sum((one) => (one.averageMs ?? 0) * (one.tasksCompleted + one.tasksFailed))
  const active = figures.flatMap(({ lastActiveAt }) => lastActiveAt ?? [])
  return {
    agents: figures.length,
    tasksCompleted,
    tasksFailed,
    ...ratios(tasksCompleted, tasksFailed, totalMs),
    lastActiveAt: active.length === 0 ? null : Math.max(...active),
    openItems: sum((one) => one.openItems),
    awaited: sum((one) => one.awaited),
    overloaded: figures.filter(({ workload }) => isOverloaded(workload)).map(({ agent }) => agent),
  }
}

function ratios(
  completed: number,
  failed: number,
  totalMs: number,
): Pick<AgentFigures, 'averageMs' | 'errorRate'> {
  const ended = completed + failed
  if (ended === 0) return { averageMs: null, errorRate: null }
  return { averageMs: Math.round(totalMs / ended), errorRate: failed / ended }
}
