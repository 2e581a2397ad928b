import { EsaError, isEsaError } from '@esa/protocol'
import { errorColours as pc, withColours, withoutColours } from './colours.ts'
import type { Config } from './config.ts'
import { exitCodeOf, problemOf } from './exit-codes.ts'

/** Prints a command's answer on stdout: one JSON document with `--json`, else its text. */
export function answer(config: Pick<Config, 'json'>, document: unknown, text: () => string): void {
  process.stdout.write(`${config.json ? jsonText(document) : printable(text(), process.stdout.isTTY)}\n`)
}

// oxlint-disable-next-line no-control-regex -- what is looked for here are control characters
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g

/** What changes the order of the text around it, or ends a line where none ends. Source: Unicode UAX #9, 2.1 to 2.6; UAX #14. */
const UNSEEN = /[\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g

/** The same and C1, which JSON leaves as they are. */
const UNSEEN_IN_JSON = /[\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g

/** Words that are read from right to left, with the text between them on one line and in one column. */
const RIGHT_TO_LEFT =
  '[\\u0590-\\u08FF\\uFB1D-\\uFDFF\\uFE70-\\uFEFC\\u{10800}-\\u{10FFF}\\u{1E800}-\\u{1EFFF}]'
const FROM_THE_RIGHT = new RegExp(
  `${RIGHT_TO_LEFT}(?:(?:(?!  )[^\\p{L}\\n\\t]){0,40}${RIGHT_TO_LEFT})*`,
  'gu',
)

/**
 * Text for a terminal, made by us with data in it: nothing in it steers the terminal but our colours. Control characters other
 * than line ends and tabs are replaced, what turns directions is shown as \\u202E, and words that are read from the right are
 * isolated on a terminal, so that they move none of ours; a program that reads gets them as they are.
 */
export function printable(text: string, onTerminal = true): string {
  const plain = cleaned(text)
  return withColours(onTerminal ? plain.replace(FROM_THE_RIGHT, '\u2068$&\u2069') : plain)
}

function cleaned(text: string): string {
  return text.replace(CONTROL, '\uFFFD').replace(UNSEEN, escaped)
}

/** JSON that says the same to programs, and nothing to a terminal. */
export function jsonText(document: unknown): string {
  return (JSON.stringify(document) ?? '').replace(UNSEEN_IN_JSON, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** Prints a line of progress on stderr. */
export function note(line: string): void {
  process.stderr.write(`${printable(line, process.stderr.isTTY)}\n`)
}

/** Prints an error on stderr, as problem+json with `--json`, and gives the exit code. A stack is shown for a bug only. */
export function reportError(error: unknown, json: boolean): number {
  const known = isEsaError(error) ? error : new EsaError('cli.bug', 'bug', messageOf(error), { cause: error })
  if (json) process.stderr.write(`${jsonText(problemOf(known))}\n`)
  else {
    note(`${pc.red('error')} ${pc.bold(known.code)} ${known.message}`)
    if (known.hint !== undefined) note(`  ${pc.dim('→')} ${known.hint}`)
    if (known.kind === 'bug') note(pc.dim(stackOf(known)))
  }
  return exitCodeOf(known)
}

/** Rows as aligned columns; a row may be shorter than others, and is one line. Widths count characters without colour. */
export function columns(cells: string[][], gap = 2): string {
  const rows = cells.map((row) => row.map((cell) => cleaned(cell.replace(/\s*[\r\n]+\s*/g, ' '))))
  const widths: number[] = []
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, plainLength(cell))
  const line = (row: string[]): string =>
    row
      .map((cell, i) =>
        i === row.length - 1 ? cell : cell + ' '.repeat(widths[i]! - plainLength(cell) + gap),
      )
      .join('')
  return rows.map(line).join('\n')
}

function plainLength(text: string): number {
  return withoutColours(text).length
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function stackOf(error: EsaError): string {
  const { cause } = error
  return cause instanceof Error ? (cause.stack ?? cause.message) : (error.stack ?? error.message)
}
