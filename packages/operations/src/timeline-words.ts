import { formatDuration, type Json, type JsonObject } from '@esa/protocol'

/** Milliseconds as `mm:ss.mmm`; minutes go on past 59. */
export function since(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  return `${String(minutes).padStart(2, '0')}:${((ms % 60_000) / 1_000).toFixed(3).padStart(6, '0')}`
}

/** Who did it, with the person at the keyboard where one spoke in an agent's name; else who was notified. */
export function whoOf(actor: string | undefined, { by, targets }: JsonObject): string {
  if (actor !== undefined) return typeof by === 'string' ? `${actor} (${by})` : actor
  return Array.isArray(targets) ? `→ ${targets.map(said).join(', ')}` : ''
}

/** The place in a card that an event comes from: `file:line`, or nothing. */
export function cardLineOf({ cardLine }: JsonObject, cardFile: string | null): string {
  return typeof cardLine === 'number' && cardFile !== null ? `${cardFile}:${cardLine}` : ''
}

/** What a reader needs of an event's data, in plain words; the whole of it is in the JSON. */
export function aboutOf(type: string, data: JsonObject): string {
  if (type === 'command.refused') return `${said(data['command'])}: ${said(data['code'])}`
  const { forMs } = data
  const told = type.startsWith('incident.') || type.startsWith('notice.') ? STORY : Object.keys(data)
  const words = told
    .filter((key) => key !== 'by' && key !== 'forMs' && isScalar(data[key]))
    .map((key) => (STORY.includes(key) ? said(data[key]) : `${key} ${said(data[key])}`))
  return [...words, ...(typeof forMs === 'number' ? [`for ${formatDuration(forMs)}`] : [])].join(', ')
}

/** What speaks for itself in an incident's story. */
const STORY = ['cause', 'reason', 'why', 'because']

function isScalar(value: Json | undefined): boolean {
  return value !== undefined && value !== null && typeof value !== 'object'
}

function said(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}
