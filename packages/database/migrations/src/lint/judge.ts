import { type Blocks, blocksOf, type RelationLock } from '@esa/database-catalog/sql'
import { type AllowMarker, allowMarkers } from './allow-markers.ts'
import type { StatementFacts } from './facts.ts'
import type { Script } from './read-script.ts'
import { RULES } from './rules/registry.ts'
import type { Hit, Rule, RuleInput, Severity, Size } from './rules/rule.ts'
import { viewOf } from './rules/script-view.ts'
import { allowUnknownRule, allowUnused, allowWithoutReason, metaCommand } from './rules/script-rules.ts'
import { FALLBACK_RULES } from './rules/table-rules.ts'

/** What a rule found in a statement. */
export interface LintFinding {
  rule: string
  severity: Severity
  message: string
  fix?: string
}

/** What is known of a statement, and what speaks against it. */
export interface Verdict {
  file: string
  line: number
  /** Last line of its text. */
  endLine: number
  /** Place in its file, from 0; a command of psql has that of the statement after it. */
  index: number
  /** Name of its node in PostgreSQL's grammar. */
  kind: string
  text: string
  locks: RelationLock[]
  rewrites: string[]
  scans: string[]
  blocks: Blocks
  method: 'executed' | 'parsed'
  findings: LintFinding[]
  /** Findings that the script accepts, each with its reason. */
  allowed: (LintFinding & { reason: string })[]
}

/** Up to this size a table is read, written again and indexed in some tens of milliseconds. */
const SMALL_BYTES = 10_000_000

/** From this size on one statement over all rows takes many seconds, and as long to be undone. */
const LARGE_ROWS = 1_000_000
const LARGE_BYTES = 1_000_000_000

const ORDER: Severity[] = ['error', 'warning', 'info']

const LOWER: Record<Severity, Severity> = { error: 'warning', warning: 'info', info: 'info' }

/** The verdicts on a script's statements, from what they did when they were tried. */
export function judge(
  script: Script,
  facts: readonly StatementFacts[],
  { base, sizes }: { base: ReadonlySet<number>; sizes: ReadonlyMap<string, Size> },
): Verdict[] {
  const markers = allowMarkers(script)
  const view = viewOf(facts, base)
  const verdicts = facts.map((one, at) => {
    const findings = findingsOf({ facts: one, script: view, at, base }, sizes)
    return verdictOf(
      script,
      one,
      accept(
        findings,
        markers.filter(({ statement }) => statement === at),
      ),
    )
  })
  return [...verdicts, ...metaVerdicts(script)].toSorted((a, b) => a.line - b.line)
}

function findingsOf(input: RuleInput, sizes: ReadonlyMap<string, Size>): LintFinding[] {
  const apply = (rules: readonly Rule[]): LintFinding[] =>
    rules.flatMap((rule) => rule.check(input).map((hit) => findingOf(rule, hit, sizes)))
  const findings = apply(FIRST_RULES)
  const explained = findings.some(({ rule }) => EXPLAINING.has(rule))
  const all = explained ? findings : [...findings, ...apply(FALLBACK_RULES)]
  return all.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
}

const FIRST_RULES = RULES.filter((rule) => !FALLBACK_RULES.includes(rule))

const RULE_IDS = new Set(RULES.map(({ id }) => id))

/** Rules after which the measured work of a statement needs no other. */
const EXPLAINING = new Set([
  ...RULES.filter(({ grows }) => grows === true).map(({ id }) => id),
  'truncated',
  'required-column',
])

function findingOf(
  rule: Rule,
  { message, fix, relation, severity = rule.severity }: Hit,
  sizes: ReadonlyMap<string, Size>,
): LintFinding {
  const size = relation === undefined || (rule.grows ?? rule.rises) !== true ? undefined : sizes.get(relation)
  const small = rule.grows === true && size !== undefined && size.bytes <= SMALL_BYTES
  const large = rule.rises === true && size !== undefined && isLarge(size)
  return {
    rule: rule.id,
    severity: large ? 'error' : small ? LOWER[severity] : severity,
    message: size === undefined ? message : `${message} (${sizeText(relation!, size, small)})`,
    fix: fix ?? rule.safeWay,
  }
}

function isLarge({ rows, bytes }: Size): boolean {
  return rows >= LARGE_ROWS || bytes >= LARGE_BYTES
}

function sizeText(relation: string, { rows, bytes }: Size, small: boolean): string {
  const megabytes = bytes < 100_000 ? '0.1 MB or less' : `${(bytes / 1_000_000).toFixed(1)} MB`
  const text = rows < 0 ? megabytes : `about ${rows.toLocaleString('en')} rows, ${megabytes}`
  return small ? `${relation} is small: ${text}` : `${relation}: ${text}`
}

/** What is left after a script's own markers, and what is wrong with those. */
function accept(
  findings: LintFinding[],
  markers: readonly AllowMarker[],
): Pick<Verdict, 'findings' | 'allowed'> {
  const valid = markers.filter(({ rule, reason }) => RULE_IDS.has(rule) && reason !== '')
  const reasonOf = (id: string): string | undefined => valid.find(({ rule }) => rule === id)?.reason
  const wrong = markers.flatMap(({ line, rule, reason }) => {
    const shown = `line ${line}: ${rule === '' ? 'the marker names no rule' : rule}`
    if (!RULE_IDS.has(rule))
      return [about(allowUnknownRule, rule === '' ? shown : `line ${line}: there is no rule ${rule}`)]
    if (reason === '')
      return [about(allowWithoutReason, `line ${line}: ${rule} is accepted without a reason`)]
    return findings.some((finding) => finding.rule === rule)
      ? []
      : [about(allowUnused, `line ${line}: ${rule} finds nothing here`)]
  })
  return {
    findings: [...findings.filter(({ rule }) => reasonOf(rule) === undefined), ...wrong],
    allowed: findings.flatMap((finding) => {
      const reason = reasonOf(finding.rule)
      return reason === undefined ? [] : [{ ...finding, reason }]
    }),
  }
}

function about({ id, severity, safeWay }: Rule, message: string): LintFinding {
  return { rule: id, severity, message, fix: safeWay }
}

function verdictOf(
  { file }: Script,
  { statement, locks, rewrites, scans, method }: StatementFacts,
  { findings, allowed }: Pick<Verdict, 'findings' | 'allowed'>,
): Verdict {
  const { line, index, kind, text } = statement
  const endLine = line + text.split('\n').length - 1
  return {
    file,
    line,
    endLine,
    index,
    kind,
    text,
    locks,
    rewrites,
    scans,
    blocks: blocksOf(locks),
    method,
    findings,
    allowed,
  }
}

function metaVerdicts({ file, metaCommands, statements }: Script): Verdict[] {
  return metaCommands
    .filter(({ text }) => !/^\\(?:restrict|unrestrict|\.)/.test(text))
    .map(({ line, text }) => ({
      file,
      line,
      endLine: line,
      index: statements.filter((statement) => statement.line < line).length,
      kind: 'PsqlMetaCommand',
      text,
      locks: [],
      rewrites: [],
      scans: [],
      blocks: 'nothing',
      method: 'parsed',
      findings: [about(metaCommand, `${text.split(/\s/)[0]} is a command of psql, not SQL`)],
      allowed: [],
    }))
}
