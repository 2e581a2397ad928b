import { type Incident, timeline, type TimelineEvent } from '@esa/escalation'
import { formatDuration, type Json, type JsonObject } from '@esa/protocol'
import type { StoredEvent } from '@esa/store'
import { colours as pc } from './colours.ts'
import { columns } from './output.ts'

/** The events that a reader of a timeline looks for first. */
const LOUD = new Set([
  'incident.opened',
  'incident.escalated',
  'incident.raised',
  'incident.exhausted',
  'incident.resolved',
  'incident.withdrawn',
  'incident.level_passed',
])

/** An incident's timeline for people: when, how long after it opened, what, who, how late, and the card's line behind it. */
export function timelineText(events: StoredEvent[], cardFile: string | null): string {
  return columns(timeline(events).map((event) => row(event, cardFile)))
}

/** The line that stands over a timeline. */
export function timelineTitle({ id, agent, category, status, title, timeScale }: Incident): string {
  const scale = timeScale === 1 ? '' : pc.yellow(`  (waits divided by ${timeScale})`)
  return `${pc.bold(id)}  ${category} of ${agent}: ${title}  [${status}]${scale}`
}

function row(
  { at, sinceMs, type, level, actor, lateMs, data }: TimelineEvent,
  cardFile: string | null,
): string[] {
  const shown = type === 'command.refused' ? pc.red(type) : LOUD.has(type) ? pc.bold(type) : type
  const late = lateMs === undefined ? '' : pc.cyan(`${lateMs} ms late`)
  return [
    pc.dim(at),
    `+${since(sinceMs)}`,
    level ?? '',
    shown,
    actor ?? targets(data),
    [late, about(type, data, cardFile)].filter(Boolean).join(' '),
  ]
}

/** Milliseconds as `mm:ss.mmm`; minutes go on past 59. */
export function since(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  return `${String(minutes).padStart(2, '0')}:${((ms % 60_000) / 1_000).toFixed(3).padStart(6, '0')}`
}

function targets(data: JsonObject): string {
  const list = data['targets']
  return Array.isArray(list) ? `→ ${list.map(said).join(', ')}` : ''
}

/** What a reader needs of an event's data, in words; the card's line last. */
export function about(type: string, data: JsonObject, cardFile: string | null): string {
  const { cause, cardLine, why, reason, code, command, forMs } = data
  const line = typeof cardLine === 'number' && cardFile !== null ? pc.dim(`${cardFile}:${cardLine}`) : ''
  const words = [
    type === 'command.refused' ? `${said(command)}: ${said(code)}` : '',
    typeof cause === 'string' ? cause : '',
    typeof reason === 'string' ? reason : '',
    typeof why === 'string' ? why : '',
    typeof forMs === 'number' ? `for ${formatDuration(forMs)}` : '',
  ]
  return [...words, line].filter((part) => part !== '').join(' ')
}

function said(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}
