import { type AgentId, type AgentKind, digestText } from '@esa/protocol'
import type { AgentCard, CardCollaboration, CardMetric } from './agent-card.ts'
import { CardReading } from './card-problems.ts'
import { type CardSource, limitProblem, normaliseText } from './card-source.ts'
import { readEscalation } from './escalation-paths.ts'
import { closest, splitAtDash, splitLabel, wordsOf } from './labels.ts'
import { parseMetric } from './metrics.ts'
import { chartAgent } from './org-chart.ts'
import { type Item, outlineOf, type Section, wholeProse } from './outline.ts'
import type { Problem } from './problem.ts'
import { joinProse, plain, type Prose, sliceProse } from './prose.ts'
import { allReferences, leadingReferences } from './references.ts'

type SectionName =
  | 'responsibilities'
  | 'technologies'
  | 'escalation'
  | 'collaboration'
  | 'metrics'
  | 'manages'

/** Headings that the parser knows; every other section is the card's own business. */
const SECTIONS: Record<string, SectionName> = {
  'core responsibilities': 'responsibilities',
  'key responsibilities': 'responsibilities',
  responsibilities: 'responsibilities',
  'technology stack': 'technologies',
  'tech stack': 'technologies',
  technologies: 'technologies',
  'escalation paths': 'escalation',
  'escalation path': 'escalation',
  escalation: 'escalation',
  'collaboration patterns': 'collaboration',
  collaboration: 'collaboration',
  'success metrics': 'metrics',
  metrics: 'metrics',
  manages: 'manages',
  'managed agents': 'manages',
  'managed layers': 'manages',
}

const KINDS: Record<string, AgentKind> = {
  agent: 'ceo',
  chief: 'chief',
  domain: 'domain',
  layer: 'layer',
  expert: 'expert',
  ops: 'operational',
  lifeceo: 'life-ceo',
}

const HEADING_HINT = 'Begin the card with a heading like "# Layer Agent #1: Database Architecture".'

/** The agent of a heading. */
interface Identity {
  id: AgentId
  kind: AgentKind
  number: number | null
  name: string
}

/**
 * Reads an agent's card. `agent` is null when nothing says whose card it is, or a limit is exceeded; otherwise it
 * holds every fact that could be read, and `problems` names the place of each that could not. Never throws on a text.
 */
export function parseCard(source: CardSource): { agent: AgentCard | null; problems: Problem[] } {
  const text = normaliseText(source.text)
  const limit = limitProblem({ file: source.file, text })
  if (limit) return { agent: null, problems: [limit] }
  const reading = new CardReading(source.file, text)
  const outline = outlineOf(text)
  const titles = outline.filter((section) => section.depth === 1 && identityOf(section.heading))
  const [title, second] = titles
  if (!title) {
    reportNoTitle(outline, reading)
    return { agent: null, problems: reading.problems() }
  }
  const identity = identityOf(title.heading)!
  if (second) {
    const message = 'a second agent begins here'
    const fault = {
      severity: 'error',
      code: 'card.second-agent',
      message,
      hint: 'Give each agent a card of its own.',
    } as const
    reading.report(fault, second.heading)
  }
  const end = second ? outline.indexOf(second) : outline.length
  const sections = outline.slice(outline.indexOf(title) + 1, end)
  const agent = readAgent(identity, title, sections, reading)
  const card = {
    ...agent,
    cardHash: digestText(text),
    file: source.file,
    mentions: reading.mentionsInOrder(),
  }
  return { agent: card, problems: reading.problems() }
}

function readAgent(
  identity: Identity,
  title: Section,
  sections: readonly Section[],
  reading: CardReading,
): Omit<AgentCard, 'cardHash' | 'file' | 'mentions'> {
  const fields = fieldsOf(title.items)
  const items = itemsByName(sections)
  const field = (name: string): Prose[] => fields.filter((f) => f.name === name).map((f) => f.value)
  const reportsTo = field('reports to').flatMap((value) => agentsOf(value, 'reportsTo', reading))
  const listed = withoutHeader(items.manages).map((item) => ({ ...item, words: wholeProse(item) }))
  const naming = listed.filter((item) => item.kind !== 'line' || allReferences(item.words.text).end > 0)
  const managed = [...field('manages'), ...naming.map((item) => item.words)]
  const division = field('division')[0]
  if (identity.kind !== 'ceo') reportMissing(title, sections, field('reports to').length > 0, items, reading)
  return {
    ...identity,
    division: divisionOf(division) ?? (identity.kind === 'chief' ? identity.name : null),
    reportsTo: unique(reportsTo),
    responsibilities: withoutHeader(items.responsibilities).flatMap(wordsOfItem),
    technologies: withoutHeader(items.technologies).map(technologyOf).filter(Boolean),
    escalation: readEscalation(items.escalation, reading),
    collaboration: withoutHeader(items.collaboration).flatMap((item) => collaborationOf(item, reading)),
    manages: unique(managed.flatMap((value) => agentsOf(value, 'manages', reading))),
    metrics: withoutHeader(items.metrics).flatMap((item) => metricOf(item, reading)),
  }
}

function identityOf(heading: Prose): Identity | undefined {
  const scan = allReferences(heading.text)
  const [reference] = scan.references
  const id = reference?.ids[0]
  if (!reference || !id || reference.ids.length !== 1) return undefined
  const kind = KINDS[id.split('-')[0]!]
  if (!kind) return undefined
  const digits = /-(\d+)$/.exec(id)
  const own = referenceLength(heading.text, reference.start, reference.end)
  const behind = heading.text.slice(reference.start + own)
  // "ESA CEO (Agent #0)": the second part is the agent again, and the first part is the name.
  const again = /^\s*\([^()]*#\s*\d+\s*\)/.test(behind)
  const before = heading.text.slice(0, reference.start + (again ? own : 0))
  const name = (again ? '' : trimmed(behind)) || trimmed(before)
  const number = digits ? Number(digits[1]) : null
  return {
    id,
    kind,
    number,
    name: kind === 'life-ceo' ? id.slice('lifeceo-'.length) : name || (chartAgent(id)?.name ?? id),
  }
}

/** Length of a reference in a heading without the name in parentheses behind it. */
function referenceLength(text: string, start: number, end: number): number {
  const open = text.slice(start, end).indexOf('(')
  return open < 0 ? end - start : open
}

function trimmed(text: string): string {
  const words = plain(text).replace(/^[^\p{L}\p{N}@]+|[^\p{L}\p{N})]+$/gu, '')
  return words.includes('(') ? words : words.replace(/\)$/, '')
}

function reportNoTitle(outline: readonly Section[], reading: CardReading): void {
  const first = outline.find((section) => section.depth === 1) ?? outline[0]
  const message = first
    ? `"${plain(first.heading.text).slice(0, 60)}" does not say whose card this is`
    : 'the card has no heading'
  reading.reportAt(
    { severity: 'error', code: 'card.no-agent', message, hint: HEADING_HINT },
    first?.offset ?? 0,
  )
}

function reportMissing(
  title: Section,
  sections: readonly Section[],
  reports: boolean,
  items: Record<SectionName, Item[]>,
  reading: CardReading,
): void {
  if (!reports) {
    const hint = 'Add a line like "**Reports to:** Chief #1 (Foundation)".'
    const message = 'the card does not say whom the agent reports to'
    reading.report({ severity: 'warning', code: 'card.no-reports-to', message, hint }, title.heading)
  }
  if (items.escalation.length > 0) return
  const near = sections.find((section) => closest(wordsOf(section.heading.text), ['escalation paths']))
  const message = 'the card has no escalation paths'
  const hint = near
    ? `Is "${plain(near.heading.text)}" meant to be "Escalation Paths"?`
    : 'Add a section "## Escalation Paths".'
  const fault = { severity: 'warning', code: 'card.no-escalation', message, hint } as const
  reading.report(fault, near?.heading ?? title.heading)
}

/** Items of each known section. A deeper heading that is not known belongs to the section around it. */
function itemsByName(sections: readonly Section[]): Record<SectionName, Item[]> {
  const items: Record<SectionName, Item[]> = {
    responsibilities: [],
    technologies: [],
    escalation: [],
    collaboration: [],
    metrics: [],
    manages: [],
  }
  let current: { name: SectionName; depth: number } | undefined
  for (const section of sections) {
    const name = SECTIONS[wordsOf(section.heading.text)]
    if (name) current = { name, depth: section.depth }
    else if (current && section.depth <= current.depth) current = undefined
    if (current) items[current.name].push(...section.items)
  }
  return items
}

function fieldsOf(items: readonly Item[]): { name: string; value: Prose }[] {
  return items.flatMap((item) => {
    if (item.kind === 'row') {
      const [label, ...values] = item.cells
      return label ? [{ name: wordsOf(label.text), value: joinProse(values, ' ') }] : []
    }
    const split = splitLabel(wholeProse(item)) ?? splitAtDash(wholeProse(item))
    return split ? [{ name: wordsOf(split.label.text), value: split.rest }] : []
  })
}

function divisionOf(value: Prose | undefined): string | null {
  const words = trimmed((value?.text ?? '').split('(')[0]!)
  return /^(?:none|n\/a)?$/i.test(words) ? null : words
}

function agentsOf(value: Prose, as: 'reportsTo' | 'manages', reading: CardReading): AgentId[] {
  const scan = allReferences(value.text)
  const silent = scan.references.length + scan.unreadable.length === 0
  if (silent && !/^\W*(?:none|nobody|no one|n\/a|the board)?\W*$/i.test(value.text)) {
    const message = `"${plain(value.text).slice(0, 60)}" names no agent`
    const hint = 'Name it like "Chief #1 (Foundation)".'
    reading.report({ severity: 'error', code: 'card.agent-unreadable', message, hint }, value)
  }
  return reading.note(scan, value, as)
}

/** Items without the header rows of their tables. */
function withoutHeader(items: readonly Item[]): Item[] {
  return items.filter((item) => {
    return (
      item.kind !== 'row' || item.cells.some((cell, i) => cell.text.trim().toLowerCase() !== item.header[i])
    )
  })
}

function wordsOfItem(item: Item): string[] {
  if (item.kind === 'line') return []
  return [plain(item.prose.text), ...item.nested.flatMap(wordsOfItem)].filter(Boolean)
}

function technologyOf(item: Item): string {
  if (item.kind === 'line') return ''
  const prose = item.cells[0] ?? item.prose
  const split = splitLabel(prose) ?? splitAtDash(prose)
  return plain((split?.label ?? prose).text).replace(/[\s:–—-]+$/, '')
}

function collaborationOf(item: Item, reading: CardReading): CardCollaboration[] {
  if (item.kind === 'line' && !splitLabel(item.prose)) return []
  const whole = item.kind === 'row' ? joinProse(item.cells, ': ') : wholeProse(item)
  const lead = /^\W*(?:with\s+)?/iu.exec(whole.text)![0].length
  const prose = sliceProse(whole, lead)
  const leading = leadingReferences(prose.text)
  const leads = leading.references.length + leading.unreadable.length > 0
  const scan = leads ? leading : allReferences(prose.text)
  const ids = reading.note(scan, prose, 'collaboration')
  const purpose = plain(leads ? prose.text.slice(leading.end) : (splitLabel(prose)?.rest ?? prose).text)
  if (purpose === '' && ids.length === 0) return []
  if (ids.length === 0 && scan.unreadable.length === 0) {
    const hint = 'Begin the line like "With Layer #2 (API Structure): ...".'
    const message = 'the line does not say with which agent'
    reading.report({ severity: 'warning', code: 'card.collaboration-unnamed', message, hint }, whole)
  }
  return [{ with: ids, purpose: purpose.replace(/^[\s:–—-]+/, '') }]
}

function metricOf(item: Item, reading: CardReading): CardMetric[] {
  // A table's first columns are the metric and its bound; what follows is today's value or a remark.
  const prose = item.kind === 'row' ? joinProse(item.cells.slice(0, 2), ' ') : item.prose
  if (item.kind === 'line' && !splitLabel(prose)) return []
  const metric = parseMetric(prose.text, reading.lineOf(prose))
  if (metric) return [metric, ...item.nested.flatMap((nested) => metricOf(nested, reading))]
  if (item.nested.length === 0 && prose.text.trim() !== '') {
    const message = `"${plain(prose.text).slice(0, 60)}" holds no number to measure against`
    const hint = 'Write it like "Database uptime > 99.9%".'
    reading.report({ severity: 'warning', code: 'card.metric-unreadable', message, hint }, prose)
  }
  return item.nested.flatMap((nested) => metricOf(nested, reading))
}

function unique(ids: readonly AgentId[]): AgentId[] {
  return [...new Set(ids)]
}
