import type { TimelineEvent } from '@esa/escalation'
import { formatDuration } from '@esa/protocol'
import { agentName, agentNames } from '../agent-names.ts'

type Words = (event: TimelineEvent) => string

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null))
const names = (value: unknown): string => agentNames(Array.isArray(value) ? value.map(text) : [])
const lasting = (ms: unknown): string => (typeof ms === 'number' ? formatDuration(ms) : '')

/** What happened, in a sentence's beginning; who did it and why stand beside it. */
const WORDS: Record<string, Words> = {
  'incident.opened': ({ data }) => `Opened: ${text(data['title'])}`,
  'incident.notified': ({ data }) => `${names(data['targets'])} notified`,
  'incident.copied': ({ data }) => `Copy to ${names(data['targets'])}`,
  'incident.taken': ({ data }) => `${names(data['targets'])} notified that it is taken`,
  'incident.escalated': ({ level }) => `Climbed to ${text(level)}`,
  'incident.acknowledged': ({ data }) => `Acknowledged for ${lasting(data['forMs'])}`,
  'incident.ack_expired': ({ data }) => `Acknowledgement of ${agentName(text(data['heldBy']))} ended`,
  'incident.declined': ({ data }) => `Declined: ${text(data['reason'])}`,
  'incident.snoozed': ({ data }) => `Snoozed for ${lasting(data['forMs'])}`,
  'incident.snooze_ended': () => 'Snooze ended',
  'incident.suppressed': ({ data }) =>
    data['silence'] === undefined
      ? `Suppressed for ${lasting(data['forMs'])}`
      : `Held back by a silence: ${text(data['reason'])}`,
  'incident.unsuppressed': () => 'Suppression ended',
  'incident.reassigned': ({ data }) => `Given to ${agentName(text(data['to']))}`,
  'incident.raised': () => 'Raised to data loss',
  'incident.duplicated': ({ data }) => `Opened again (${text(data['duplicates'])})`,
  'incident.level_passed': ({ level }) => `No reachable agent at ${text(level)}: passed`,
  'incident.exhausted': () => 'Escalation exhausted: alarm sent',
  'incident.alarmed': ({ data }) => `Alarm: ${text(data['why'])}`,
  'incident.resolved': ({ data }) => `Resolved: ${text(data['cause'])}`,
  'incident.withdrawn': ({ data }) =>
    data['because'] === undefined ? 'Withdrawn' : `Withdrawn: ${text(data['because'])}`,
  'command.refused': ({ data }) => `Refused: ${text(data['command'])} (${text(data['code'])})`,
  'notice.sent': ({ data }) => `Notice reached ${agentName(text(data['target']))}`,
  'notice.failed': ({ data }) => `No notice reached ${agentName(text(data['target']))}`,
  'notice.dropped': ({ data }) => `Notice to ${agentName(text(data['target']))} dropped`,
}

/** What an event says to people; a type that is not known is shown as it is. */
export function eventWords(event: TimelineEvent): string {
  return WORDS[event.type]?.(event) ?? event.type
}

/** Who did it, with the person at the keyboard where one spoke in an agent's name. */
export function actorWords({ actor, data }: TimelineEvent): string {
  if (actor === undefined) return ''
  const { by } = data
  return typeof by === 'string' ? `${agentName(actor)} (${by})` : agentName(actor)
}

/** Events that are not a step of the escalation: deliveries, copies, duplicates. */
const ASIDE = new Set([
  'notice.sent',
  'notice.dropped',
  'incident.duplicated',
  'incident.copied',
  'incident.taken',
])

/** True for an event that moves the incident, or was meant to. */
export function isStep({ type }: TimelineEvent): boolean {
  return !ASIDE.has(type)
}
