import type { CardMention } from './agent-card.ts'
import { byPlace, type Problem, type Severity } from './problem.ts'
import type { Prose } from './prose.ts'
import { idsOf, type ReferenceScan } from './references.ts'

/** What is wrong, apart from where: the code, the sentence and the way on. */
export interface Fault {
  severity: Severity
  code: string
  message: string
  hint?: string
}

/** Collects what a reading of one card finds, at the places of its text. */
export class CardReading {
  private readonly mentions: CardMention[] = []
  private readonly found: Problem[] = []
  private readonly lineStarts: number[]
  private readonly file: string

  constructor(file: string, text: string) {
    this.file = file
    this.lineStarts = [0]
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.lineStarts.push(at + 1)
  }

  /** Line and column, from 1, of an offset in the card's text. */
  place(offset: number): { line: number; column: number } {
    let low = 0
    let high = this.lineStarts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (this.lineStarts[middle]! <= offset) low = middle
      else high = middle
    }
    return { line: low + 1, column: offset - this.lineStarts[low]! + 1 }
  }

  /** Line of the first words of a piece. */
  lineOf(prose: Prose): number {
    return this.place(prose.offsets[firstWord(prose.text)] ?? 0).line
  }

  report(fault: Fault, prose: Prose, index: number = firstWord(prose.text)): void {
    this.reportAt(fault, prose.offsets[index] ?? prose.offsets[0] ?? 0)
  }

  reportAt(fault: Fault, offset: number): void {
    this.found.push({ file: this.file, ...this.place(offset), ...fault })
  }

  /** Notes who is named in words, and reports what looks like an agent and is none. */
  note(scan: ReferenceScan, prose: Prose, as: CardMention['as']): string[] {
    for (const reference of scan.references) {
      const place = this.place(prose.offsets[reference.start] ?? 0)
      for (const id of reference.ids) this.mentions.push({ id, as, ...place })
    }
    for (const { text, start, hint } of scan.unreadable) {
      const message = `"${text}" is not an agent I can read`
      this.report({ severity: 'error', code: 'card.agent-unreadable', message, hint }, prose, start)
    }
    return idsOf(scan)
  }

  /** All of them, in reading order. */
  mentionsInOrder(): CardMention[] {
    return [...this.mentions].sort((a, b) => a.line - b.line || a.column - b.column)
  }

  /** Everything reported, in reading order. */
  problems(): Problem[] {
    return [...this.found].sort(byPlace)
  }
}

function firstWord(text: string): number {
  return Math.max(0, text.search(/\S/))
}
