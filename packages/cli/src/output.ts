import { EsaError, isEsaError } from '@esa/protocol'
import { errorColours as pc } from './colours.ts'
import type { Config } from './config.ts'
import { exitCodeOf, problemOf } from './exit-codes.ts'

/** Prints a command's answer on stdout: one JSON document with `--json`, else its text. */
export function answer(config: Pick<Config, 'json'>, document: unknown, text: () => string): void {
  process.stdout.write(`${config.json ? JSON.stringify(document) : printable(text())}\n`)
}

// oxlint-disable-next-line no-control-regex -- what is looked for here are control characters
const CONTROL = /\u001B(?!\[[0-9;]*m)|[\u0000-\u0008\u000B-\u001A\u001C-\u001F\u007F-\u009F]/g

/** Text without control characters other than line ends, tabs and colours: a title must not steer a terminal. */
export function printable(text: string): string {
  return text.replace(CONTROL, '\uFFFD')
}

/** Prints a line of progress on stderr. */
export function note(line: string): void {
  process.stderr.write(`${printable(line)}\n`)
}

/** Prints an error on stderr, as problem+json with `--json`, and gives the exit code. A stack is shown for a bug only. */
export function reportError(error: unknown, json: boolean): number {
  const known = isEsaError(error) ? error : new EsaError('cli.bug', 'bug', messageOf(error), { cause: error })
  if (json) note(JSON.stringify(problemOf(known)))
  else {
    note(`${pc.red('error')} ${pc.bold(known.code)} ${known.message}`)
    if (known.hint !== undefined) note(`  ${pc.dim('→')} ${known.hint}`)
    if (known.kind === 'bug') note(pc.dim(stackOf(known)))
  }
  return exitCodeOf(known)
}

/** Rows as aligned columns; a row may be shorter than others, and is one line. Widths count characters without colour. */
export function columns(cells: string[][], gap = 2): string {
  const rows = cells.map((row) => row.map((cell) => cell.replace(/\s*[\r\n]+\s*/g, ' ')))
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

// oxlint-disable-next-line no-control-regex -- ESC is what colour codes begin with
const COLOUR = /\u001B\[[0-9;]*m/g

function plainLength(text: string): number {
  return text.replace(COLOUR, '').length
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function stackOf(error: EsaError): string {
  const { cause } = error
  return cause instanceof Error ? (cause.stack ?? cause.message) : (error.stack ?? error.message)
}
