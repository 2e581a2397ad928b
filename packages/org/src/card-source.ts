import { decodeUtf8, utf8Length } from './utf8.ts'
import type { Problem } from './problem.ts'

/** A card as text, with the name that its problems are reported under. */
export interface CardSource {
  file: string
  text: string
}

/** Largest card, in bytes: a page of facts is 2-4 KB, so beyond this lies a mistake or an attack. */
export const CARD_BYTES_MAX = 64 * 1024

/** Deepest nesting of quotes and lists that begin on one line: Markdown parsing is quadratic in it, cards use 1. */
const NESTING_MAX = 16

const MARKER = /[ \t]*(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t]))/y

/** Decodes a card's bytes; `source` is null when they are too many, not UTF-8, or hold a NUL. A BOM is dropped. */
export function decodeCard(
  file: string,
  bytes: Uint8Array,
): { source: CardSource | null; problems: Problem[] } {
  if (bytes.length > CARD_BYTES_MAX) return refused(tooLarge(file))
  const decoded = decodeUtf8(bytes)
  const text = normaliseText(decoded.text)
  if (!decoded.valid) {
    const lines = text.split('\n')
    const column = (lines.at(-1) ?? '').length + 1
    return refused(
      fault(
        file,
        'card.not-utf8',
        `byte ${decoded.bytesRead + 1} is not UTF-8`,
        'Save the card as UTF-8.',
        lines.length,
        column,
      ),
    )
  }
  const problem = limitProblem({ file, text })
  return problem ? refused(problem) : { source: { file, text }, problems: [] }
}

/** The text that positions and the card's hash refer to: no BOM, LF line ends. */
export function normaliseText(text: string): string {
  return text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')
}

/** The first limit that a normalised card exceeds, or undefined: size, NUL, nesting. */
export function limitProblem({ file, text }: CardSource): Problem | undefined {
  if (utf8Length(text) > CARD_BYTES_MAX) return tooLarge(file)
  for (const [index, line] of text.split('\n').entries()) {
    const nul = line.indexOf('\0')
    if (nul >= 0) {
      const hint = 'Remove it: a card is plain text.'
      return fault(file, 'card.nul', 'the card holds a NUL character', hint, index + 1, nul + 1)
    }
    if (nestingOf(line) > NESTING_MAX) {
      const message = `more than ${NESTING_MAX} quotes or lists are nested on this line`
      return fault(file, 'card.too-deep', message, 'Write it flat.', index + 1, 1)
    }
  }
  return undefined
}

function nestingOf(line: string): number {
  // A row of dashes or asterisks is a rule, not a nest of lists.
  if (/^[-*_ \t]+$/.test(line)) return 0
  let depth = 0
  MARKER.lastIndex = 0
  while (depth <= NESTING_MAX && MARKER.test(line)) depth += 1
  return depth
}

function tooLarge(file: string): Problem {
  const message = `the card has more than ${CARD_BYTES_MAX} bytes`
  return fault(file, 'card.too-large', message, 'Keep the facts and link to the rest.', 1, 1)
}

function fault(
  file: string,
  code: string,
  message: string,
  hint: string,
  line: number,
  column: number,
): Problem {
  return { file, line, column, severity: 'error', code, message, hint }
}

function refused(problem: Problem): { source: null; problems: Problem[] } {
  return { source: null, problems: [problem] }
}
