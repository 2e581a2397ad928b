/** `error` stops the caller; `warning` is worth a check. */
export type Severity = 'error' | 'warning'

/**
 * Something a card or the organization says that cannot be read or does not fit: what, where and how to go on.
 * `line` and `column` count from 1, columns in UTF-16 code units; `code` is dotted and stable.
 */
export interface Problem {
  file: string
  line: number
  column: number
  severity: Severity
  code: string
  message: string
  hint?: string
}

/** True when any of the problems is an error: what makes a check fail. */
export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error')
}

/** Problems in reading order: by file, line and column. */
export function byPlace(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line || a.column - b.column
}
