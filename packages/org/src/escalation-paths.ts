import { CEO_ID, type Level } from '@esa/protocol'
import type { CardEscalation } from './agent-card.ts'
import type { CardReading } from './card-problems.ts'
import { closest, splitAtDash, splitLabel, wordsOf } from './labels.ts'
import { type Item, wholeProse } from './outline.ts'
import { readPath } from './path-words.ts'
import { joinProse, plain, type Prose } from './prose.ts'
import { allReferences, leadingReferences } from './references.ts'

/** Labels by level, as cards spell them; anything that begins with "peer" is a peer's. */
const LEVEL_LABELS: Record<string, Level> = {
  peer: 'peer',
  peers: 'peer',
  'peer support': 'peer',
  'peer domains': 'peer',
  domain: 'domain',
  domains: 'domain',
  'domain coordinator': 'domain',
  'domain orchestrator': 'domain',
  chief: 'chief',
  chiefs: 'chief',
  'division chief': 'chief',
  ceo: 'ceo',
  'esa ceo': 'ceo',
}

const LABEL_HINT = 'Begin the line with "Peer Support:", "Domain:", "Chief:" or "CEO:".'
const NOBODY = /^(?:none|nobody|n\/a|not applicable|[-–—])?[.]?$/i

/** Table columns that a card may have beside the one with the label. */
const COLUMNS: readonly (readonly ['wait' | 'agents' | 'reasons' | 'label', RegExp])[] = [
  ['wait', /wait|time|respon[sd]|sla|after|within/],
  ['label', /level|path|tier|step|rung|^escalat\w*$/],
  ['agents', /agent|contact|^who|target|escalate to|^to$/],
  ['reasons', /reason|when|trigger|issue|purpose|scope|for|description|situation/],
]

/** What one line of the section says before it is judged. */
interface Line {
  level: Level
  words: Prose
  label: Prose
  waitCell: Prose | undefined
}

/** The levels that the items of an escalation section name; what cannot be read is reported at its place. */
export function readEscalation(items: readonly Item[], reading: CardReading): CardEscalation[] {
  const entries: CardEscalation[] = []
  for (const item of items) {
    const line = item.kind === 'row' ? rowLine(item, reading) : textLine(item, reading)
    const entry = line && entryOf(line, reading)
    if (entry) entries.push(entry)
  }
  return entries
}

function textLine(item: Item, reading: CardReading): Line | undefined {
  const prose = wholeProse(item)
  const split = splitLabel(prose)
  const level = split && levelOf(split.label.text)
  if (split && level) return { level, words: split.rest, label: split.label, waitCell: undefined }
  const dashed = splitAtDash(prose)
  const dashedLevel = dashed && levelOf(dashed.label.text)
  if (dashed && dashedLevel) {
    return { level: dashedLevel, words: dashed.rest, label: dashed.label, waitCell: undefined }
  }
  // A sentence between the paths is prose; one that names an agent or begins like a path was meant as one.
  const scan = allReferences(prose.text)
  const namesAgent = scan.references.length > 0 || scan.unreadable.length > 0
  if (prose.text.trim() === '' || (item.kind === 'line' && !namesAgent && !split)) return undefined
  reportLabel(split?.label ?? prose, split !== undefined, reading)
  return undefined
}

function rowLine(item: Item, reading: CardReading): Line | undefined {
  const cells = item.cells.map((prose, i) => ({ prose, role: roleOf(item.header[i] ?? '', i) }))
  const label = cells.find((cell) => cell.role === 'label')?.prose
  if (!label || label.text.trim() === '') return undefined
  const level = levelOf(label.text)
  if (!level) {
    // The header row is a row too: it is what its own cells say.
    if (item.cells.every((cell, i) => cell.text.trim().toLowerCase() === item.header[i])) return undefined
    reportLabel(label, true, reading)
    return undefined
  }
  const of = (role: string): Prose[] => cells.filter((cell) => cell.role === role).map((cell) => cell.prose)
  const words = joinProse([...of('agents'), ...of('reasons')], '\n')
  return { level, words, label, waitCell: of('wait')[0] }
}

function roleOf(header: string, column: number): string {
  if (column === 0) return 'label'
  return COLUMNS.find(([role, pattern]) => role !== 'label' && pattern.test(header))?.[0] ?? 'reasons'
}

function levelOf(label: string): Level | undefined {
  const words = wordsOf(label)
  return LEVEL_LABELS[words] ?? (/^peers? \p{L}+$/u.test(words) ? 'peer' : undefined)
}

function reportLabel(label: Prose, isLabel: boolean, reading: CardReading): void {
  const words = plain(label.text).replace(/[\s:–—-]+$/, '')
  const shown = words.length > 40 ? `${words.slice(0, 40)}...` : words
  const near = isLabel ? closest(wordsOf(words), Object.keys(LEVEL_LABELS)) : undefined
  const message = isLabel
    ? `"${shown}" is not a level of escalation`
    : `"${shown}" does not say which level of escalation it is`
  const hint = near ? `Did you mean "${titled(near)}"? ${LABEL_HINT}` : LABEL_HINT
  const first = Math.max(0, label.text.search(/[\p{L}\p{N}]/u))
  reading.report({ severity: 'error', code: 'card.level-unknown', message, hint }, label, first)
}

function titled(words: string): string {
  return words.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()).replace(/\bCeo\b/, 'CEO')
}

function entryOf(line: Line, reading: CardReading): CardEscalation | undefined {
  const text = line.words.text
  if (NOBODY.test(text.trim()) && line.level !== 'ceo' && line.level !== 'chief') return undefined
  const leading = leadingReferences(text)
  const leads = leading.references.length + leading.unreadable.length > 0
  const scan = leads ? leading : allReferences(text)
  const agents = reading.note(scan, line.words, line.level)
  if (agents.length === 0 && line.level === 'ceo') agents.push(CEO_ID)
  if (agents.length === 0 && scan.unreadable.length === 0) reportNobody(line, reading)
  const { waitMs, reasons } = readPath({ ...line, scan, namesEnd: leads ? leading.end : 0 }, reading)
  return { level: line.level, agents, waitMs, reasons, line: reading.lineOf(line.label) }
}

function reportNobody(line: Line, reading: CardReading): void {
  const severity = line.level === 'peer' ? 'error' : 'warning'
  const message = `the ${line.level} path names no agent`
  const hint =
    line.level === 'peer'
      ? 'Name them like "Layer #2 (API Structure)".'
      : `Until it does, the first ${line.level} upward is notified.`
  reading.report({ severity, code: 'card.path-without-agent', message, hint }, line.label)
}
