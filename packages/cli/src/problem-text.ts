import type { Problem } from '@esa/org'
import { colours } from './colours.ts'

/** Problems for people and editors: `file:line:column  severity  code  message`, the hint on a line of its own. */
export function problemText(problems: Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const count = `${errors} errors, ${problems.length - errors} warnings`
  return [...problems.map(lineOf), count].join('\n')
}

function lineOf({ file, line, column, severity, code, message, hint }: Problem): string {
  const shown = severity === 'error' ? colours.red(severity) : colours.yellow(severity)
  const said = `${file}:${line}:${column}  ${shown}  ${code}  ${message}`
  return hint === undefined ? said : `${said}\n  ${colours.dim(`→ ${hint}`)}`
}
