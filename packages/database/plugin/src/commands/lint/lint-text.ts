import type { LintFinding, Script, Verdict } from '@esa/database-migrations/lint'
import { strongestFirst } from '@esa/database-catalog/sql'
import { colours } from '@esa/cli/plugin-kit'

const COLOUR = { error: colours.red, warning: colours.yellow, info: colours.dim }

/** Lines of a statement that are shown: enough to recognize it. */
const SOURCE_LINES_MAX = 4

/** Locks that are shown, the strongest first: those on a table's indexes say little more. */
const LOCKS_MAX = 4

/** A lint for people: each statement that something speaks against, with its source, its locks and the safe way. */
export function lintText(statements: readonly Verdict[], scripts: readonly Script[]): string {
  const blocks = statements
    .filter(({ findings, allowed }) => findings.length + allowed.length > 0)
    .map(blockOf)
  const empty = scripts
    .filter(({ statements: all, metaCommands }) => all.length + metaCommands.length === 0)
    .map(({ file }) => `${file}: no statement`)
  return [...blocks, ...empty, summaryOf(statements)].join('\n')
}

function blockOf(verdict: Verdict): string {
  const { file, line, findings, allowed } = verdict
  const heads = findings.flatMap(({ rule, severity, message, fix }) => [
    `  ${COLOUR[severity](severity)} ${colours.bold(rule)}  ${message}`,
    ...(fix === undefined ? [] : indent(`→ ${fix}`, '      ').map(colours.dim)),
  ])
  const accepted = allowed.map(({ rule, reason }) => colours.dim(`  allowed ${rule}: ${reason}`))
  return [
    colours.bold(`${file}:${line}`),
    ...sourceOf(verdict),
    ...workOf(verdict),
    ...heads,
    ...accepted,
    '',
  ].join('\n')
}

function sourceOf({ text, line }: Verdict): string[] {
  const lines = text.split('\n')
  const width = String(line + lines.length).length
  const shown = lines
    .slice(0, SOURCE_LINES_MAX)
    .map((source, at) => `  ${String(line + at).padStart(width)} | ${source.trimEnd()}`)
  return lines.length > SOURCE_LINES_MAX ? [...shown, `  ${' '.repeat(width)} | ...`] : shown
}

/** What it did, in one line; one that failed did nothing. */
function workOf({ locks, rewrites, scans, blocks, method, findings }: Verdict): string[] {
  if (findings.some(({ rule }) => rule === 'execution-failed')) return []
  const parts = [
    lockText(locks),
    ...(rewrites.length === 0 ? [] : [`writes again ${rewrites.join(', ')}`]),
    ...(scans.length === 0 ? [] : [`reads all of ${scans.join(', ')}`]),
    `blocks ${blocks}`,
  ]
  return [colours.dim(`  ${method}: ${parts.join('; ')}`)]
}

function lockText(locks: Verdict['locks']): string {
  if (locks.length === 0) return 'locks nothing'
  const shown = strongestFirst(locks)
    .slice(0, LOCKS_MAX)
    .map(({ relation, mode }) => `${relation} ${mode}`)
  const more = locks.length > LOCKS_MAX ? [`${locks.length - LOCKS_MAX} more`] : []
  return `locks ${[...shown, ...more].join(', ')}`
}

function indent(text: string, blanks: string): string[] {
  return text.split('\n').map((line) => blanks + line)
}

function summaryOf(statements: readonly Verdict[]): string {
  const findings = statements.flatMap((verdict) => verdict.findings)
  const count = (severity: LintFinding['severity']): number =>
    findings.filter((finding) => finding.severity === severity).length
  const executed = statements.filter(({ method }) => method === 'executed').length
  const tried = `${statements.length} statements, ${executed} executed, ${statements.length - executed} parsed`
  return `${tried}: ${count('error')} errors, ${count('warning')} warnings, ${count('info')} hints`
}
