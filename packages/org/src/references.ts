import { type AgentId, CEO_ID } from '@esa/protocol'
import { closest } from './labels.ts'
import { ORG_CHART } from './org-chart.ts'
import { looksLikeWait, parenthesesOf, readWait } from './waits.ts'

/** One or several agents named at a place of a text, e.g. `Layer #2 (API Structure)` or `Layers 1-10`. */
interface Reference {
  ids: AgentId[]
  start: number
  /** One past the reference, the name in parentheses behind it included. */
  end: number
}

/** Words that look like an agent and are none that can be read. */
interface UnreadableReference {
  text: string
  start: number
  hint: string
}

/** What a scan of a text for agents found. `end` is one past the last of them. */
export interface ReferenceScan {
  references: Reference[]
  unreadable: UnreadableReference[]
  end: number
}

const PREFIX: Record<string, string> = {
  layer: 'layer',
  domain: 'domain',
  chief: 'chief',
  expert: 'expert',
  ops: 'ops',
  operational: 'ops',
  operations: 'ops',
}

/** Most agents that one range may name: more than the organization has is a typo. */
const RANGE_MAX = ORG_CHART.length

const BARE_ID = /(?:(?:layer|domain|chief|expert|ops|agent)-\d+|lifeceo-[a-z]+(?:-[a-z]+)*)(?![\w-])/iy
const LIFE_CEO = /life[ -]?ceo(?:\s+agent)?(?:\s*[:#–—-]\s*|\s+)([a-z]+(?:[ -][a-z]+)?)/iy
const NUMBERED =
  /(layer|domain|chief|expert|ops|operational|operations|agent)(s?)(?:\s+(?:agent|coordinator|orchestrator|lead)(s?))?\s*(#?)\s*(\d+)(?![\w.%])/iy
const CEO = /(?<!\blife[ -])(?:esa\s+)?ceo(?![\w-])/iy
const NEXT_HASHED = /\s*(?:,|&|\+|\/|\band\b)\s*(?:and\s+)?#(\d+)(?![\w.%])/iy
const NEXT_PLAIN = /\s*(?:,|&|\+|\/|\band\b)\s*(?:and\s+)?#?(\d+)(?![\w.%])(?!\s*(?:min|h|hour|day|ms|s)\b)/iy
const RANGE = /(?:\s*–\s*|-|\s+(?:to|through)\s+|\s*-\s*(?=#))#?(\d+)(?![\w.%])/iy
const SEPARATOR = /(?:[\s,;&+/•·]|\band\b|\bor\b|\bplus\b|\bthe\b)*/iy
const UNREADABLE = /(\p{L}[\p{L}-]*)(\s+agents?)?\s*#\s*[\p{L}\p{N}][\p{L}\p{N}-]*/iuy

const LIFE_CEO_NAMES: ReadonlySet<string> = new Set(
  ORG_CHART.filter((agent) => agent.kind === 'life-ceo').map((agent) => agent.name),
)

/** The agents that a text begins with, up to the first words that are something else. */
export function leadingReferences(text: string): ReferenceScan {
  const scan: ReferenceScan = { references: [], unreadable: [], end: 0 }
  const parentheses = parenthesesOf(text)
  let at = 0
  for (;;) {
    SEPARATOR.lastIndex = at
    SEPARATOR.exec(text)
    at = Math.max(at, SEPARATOR.lastIndex)
    const group = parentheses.find((candidate) => candidate.start === at)
    if (group && isWaitLike(text, group.content, group.end)) {
      at = group.end
      continue
    }
    const found = readAt(text, at)
    if (!found) return scan
    if ('hint' in found) {
      scan.unreadable.push(found)
      at = found.start + found.text.length
    } else {
      scan.references.push(found)
      at = found.end
    }
    const name = parentheses.find(
      (candidate) => text.slice(at, candidate.start).trim() === '' && candidate.start >= at,
    )
    if (name && !isWaitLike(text, name.content, name.end)) at = name.end
    scan.end = at
    if (!('hint' in found)) found.end = at
  }
}

/** Every agent that a text names, anywhere in it. */
export function allReferences(text: string): ReferenceScan {
  const scan: ReferenceScan = { references: [], unreadable: [], end: 0 }
  const starts = /(?<![\p{L}\p{N}-])\p{L}/gu
  for (let match = starts.exec(text); match; match = starts.exec(text)) {
    const found = readAt(text, match.index)
    if (!found) continue
    const end = 'hint' in found ? found.start + found.text.length : found.end
    if ('hint' in found) scan.unreadable.push(found)
    else scan.references.push(found)
    const name = /^\s*\(([^()]*)\)/.exec(text.slice(end, end + 200))
    const isName = name && !isWaitLike(text, name[1]!, end + name[0].length)
    scan.end = isName ? end + name[0].length : end
    if (!('hint' in found)) found.end = scan.end
    starts.lastIndex = scan.end
  }
  return scan
}

/** The ids of a scan, each once, in the text's order. */
export function idsOf(scan: ReferenceScan): AgentId[] {
  return [...new Set(scan.references.flatMap((reference) => reference.ids))]
}

function isWaitLike(text: string, content: string, end: number): boolean {
  if (ORG_CHART.some((agent) => agent.name.toLowerCase() === content.trim().toLowerCase())) return false
  return readWait(content) !== undefined || looksLikeWait(content, /^[\s.;,]*$/.test(text.slice(end)))
}

function readAt(text: string, at: number): Reference | UnreadableReference | undefined {
  const bare = matchAt(BARE_ID, text, at)
  if (bare) return agentNumbered(bare[0].toLowerCase(), bare, at)
  const life = matchAt(LIFE_CEO, text, at)
  if (life) {
    const found = lifeCeo(life, at)
    if (found) return found
  }
  const numbered = matchAt(NUMBERED, text, at)
  if (numbered) return numberedReference(numbered, text, at)
  const ceo = matchAt(CEO, text, at)
  if (ceo) return { ids: [CEO_ID], start: at, end: at + ceo[0].length }
  const unreadable = matchAt(UNREADABLE, text, at)
  if (!unreadable) return undefined
  const near = closest(unreadable[1]!, ['Layer', 'Domain', 'Chief', 'Expert', 'Agent'])
  // "ask Agent #12": the agent begins at the second word.
  if (unreadable[2] && !near) return undefined
  const meant = near && near.toLowerCase() !== unreadable[1]!.toLowerCase() ? `Did you mean "${near}"? ` : ''
  return {
    text: unreadable[0],
    start: at,
    hint: `${meant}Write it like "Layer #2", "Domain #1", "Chief #1", "Expert #11", "Agent #63" or "Life CEO: health".`,
  }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

function numberedReference(
  match: RegExpExecArray,
  text: string,
  at: number,
): Reference | UnreadableReference {
  const [whole, kind = '', plural = '', agents = '', hash = '', first = ''] = match
  const prefix = PREFIX[kind.toLowerCase()]
  if (!prefix) return agentNumbered(`agent-${Number(first)}`, match, at)
  const several = plural !== '' || agents !== ''
  const numbers = [Number(first)]
  let end = at + whole.length
  for (;;) {
    const range = several || hash ? matchAt(RANGE, text, end) : null
    const next = range ?? matchAt(several ? NEXT_PLAIN : NEXT_HASHED, text, end)
    if (!next) break
    const number = Number(next[1])
    end += next[0].length
    if (!range) {
      numbers.push(number)
      continue
    }
    const from = numbers.at(-1)!
    if (number <= from || number - from >= RANGE_MAX) {
      return { text: text.slice(at, end), start: at, hint: 'A range goes upwards, like "Layers 1-10".' }
    }
    for (let n = from + 1; n <= number; n += 1) numbers.push(n)
  }
  return { ids: [...new Set(numbers.map((n) => `${prefix}-${n}`))], start: at, end }
}

/** `Agent #63` names no kind: only the CEO's number and those of the operational agents and experts are unmistakable. */
function agentNumbered(id: AgentId, match: RegExpExecArray, at: number): Reference | UnreadableReference {
  const end = at + match[0].length
  if (!id.startsWith('agent-') || id === CEO_ID) return { ids: [id], start: at, end }
  const number = Number(id.slice('agent-'.length))
  const holders = ORG_CHART.filter((agent) => agent.number === number)
  if (holders.length === 1 && holders[0]!.kind !== 'layer') return { ids: [holders[0]!.id], start: at, end }
  const operational = holders.find((agent) => agent.kind === 'operational')
  if (operational) return { ids: [operational.id], start: at, end }
  const hint =
    holders.length === 0
      ? `No agent has the number ${number}.`
      : `Say the kind: ${holders.map((agent) => agent.id).join(', ')}.`
  return { text: match[0], start: at, hint }
}

function lifeCeo(match: RegExpExecArray, at: number): Reference | undefined {
  const words = match[1]!.toLowerCase().replace(/\s+/g, '-')
  const known = [words, words.split('-')[0]!].find((name) => LIFE_CEO_NAMES.has(name))
  const marked = /[:#–—-]\s*\S*$/.test(match[0].slice(0, match[0].length - match[1]!.length))
  if (!known && !marked) return undefined
  const name = known ?? words.split('-')[0]!
  const cut = match[1]!.length - name.length
  return { ids: [`lifeceo-${name}`], start: at, end: at + match[0].length - cut }
}
