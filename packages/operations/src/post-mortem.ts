import {
  INCIDENT_TYPE,
  incidentContext,
  incidentView,
  type Note,
  timeline,
  type TimelineEvent,
} from '@esa/escalation'
import { formatDuration, isoTime } from '@esa/protocol'
import type { LockedActor, StoredEvent } from '@esa/store'
import { aboutOf, cardLineOf, since, whoOf } from './timeline-words.ts'

/** An incident or an agent's log as Markdown that reads as a post-mortem: what, who, when, how late, on which card line. */
export function postMortem(
  actor: LockedActor,
  events: StoredEvent[],
  { nowMs, cardFile, notes }: { nowMs: number; cardFile: string | null; notes: Note[] },
): string {
  const entries = timeline(events)
  const story =
    actor.state.type === INCIDENT_TYPE
      ? incidentStory(actor, entries, nowMs)
      : [`# Log of ${actor.state.id}`, '']
  return [
    ...story,
    '## Timeline',
    '',
    'Times are UTC; "+" gives the time since the first event.',
    '',
    ...table(
      ['Time', 'After', 'Event', 'Level', 'Who', 'Late', 'What'],
      entries.map((entry) => [
        entry.at,
        `+${since(entry.sinceMs)}`,
        entry.type,
        entry.level ?? '',
        whoOf(entry.actor, entry.data),
        entry.lateMs === undefined ? '' : `${entry.lateMs} ms`,
        [aboutOf(entry.type, entry.data), cardLineOf(entry.data, cardFile)].filter(Boolean).join(' '),
      ]),
    ),
    '',
    ...(notes.length === 0
      ? []
      : [
          '## Notes',
          '',
          ...table(
            ['Time', 'Who', 'Note'],
            notes.map(({ at, as, by, text }) => [at, `${as} (${by})`, text]),
          ),
          '',
        ]),
    '## Integrity',
    '',
    `${events.length} events, head of the hash chain \`${events.at(-1)?.hash ?? ''}\`.`,
    `Check it with \`esa replay verify ${actor.state.id}\`.`,
    '',
  ].join('\n')
}

function incidentStory({ state }: LockedActor, entries: TimelineEvent[], nowMs: number): string[] {
  const incident = incidentView(state, nowMs)
  const { openedAt } = incidentContext(state)
  const end = entries.findLast(({ type }) => type === 'incident.resolved' || type === 'incident.withdrawn')
  const cause = end?.data['cause']
  const late = entries.flatMap(({ lateMs }) => (lateMs === undefined ? [] : [lateMs]))
  const refused = entries.filter(({ type }) => type === 'command.refused').length
  const scale =
    incident.timeScale === 1
      ? []
      : [`Waits were divided by ${incident.timeScale}: this was a rehearsal or a demo.`, '']
  const lasted = end === undefined ? nowMs - openedAt : end.sinceMs
  return [
    `# ${cell(incident.title)}`,
    '',
    ...scale,
    ...table(
      ['', ''],
      [
        ['Incident', incident.id],
        ['Opened by', `${incident.agent}, category ${incident.category}`],
        ['Opened', incident.openedAt],
        [
          'Ended',
          end === undefined ? `not yet, as of ${isoTime(nowMs)}` : `${end.at}, by ${end.actor ?? '-'}`,
        ],
        ['Lasted', formatDuration(lasted)],
        ['Status', `${incident.status} at the ${incident.level} level`],
        ['Cause', typeof cause === 'string' ? cause : 'not recorded'],
        [
          'Deadlines served',
          late.length === 0 ? 'none' : `${late.length}, at most ${Math.max(...late)} ms late`,
        ],
        ['Refused commands', String(refused)],
        ['Duplicates', String(incident.duplicates)],
      ],
    ),
    '',
    '## Ladder',
    '',
    ...table(
      ['Level', 'Agents', 'Wait'],
      incident.path.map(({ level, agents, waitMs, defaultWait }) => [
        level,
        agents.join(', '),
        `${waitMs === 0 ? 'immediate' : formatDuration(waitMs)}${defaultWait ? ' (default)' : ''}`,
      ]),
    ),
    '',
    ...(incident.evidence === null
      ? []
      : ['## Evidence', '', '```json', JSON.stringify(incident.evidence, null, 2), '```', '']),
  ]
}

function table(head: string[], rows: string[][]): string[] {
  const line = (cells: string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)]
}

/** Text that stays inside its cell, whatever a title or a reason says. */
function cell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('<', '&lt;')
}
