import { type LintFinding, RULES, type Verdict } from '@esa/database-migrations/lint'

const LEVELS: Record<LintFinding['severity'], string> = { error: 'error', warning: 'warning', info: 'note' }

/** Findings as a SARIF log, accepted ones as suppressed results. Source: OASIS SARIF 2.1.0. */
export function sarifLog(statements: readonly Verdict[]): object {
  const results = statements.flatMap((verdict) => [
    ...verdict.findings.map((finding) => resultOf(verdict, finding)),
    ...verdict.allowed.map(({ reason, ...finding }) => ({
      ...resultOf(verdict, finding),
      suppressions: [{ kind: 'inSource', justification: reason }],
    })),
  ])
  const rules = RULES.map(({ id, severity, danger, safeWay }) => ({
    id,
    shortDescription: { text: danger },
    help: { text: safeWay },
    defaultConfiguration: { level: LEVELS[severity] },
  }))
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      { tool: { driver: { name: 'esa db migrate lint', rules } }, columnKind: 'utf16CodeUnits', results },
    ],
  }
}

function resultOf(
  { file, line, endLine, text }: Verdict,
  { rule, severity, message, fix }: LintFinding,
): object {
  return {
    ruleId: rule,
    ruleIndex: RULES.findIndex(({ id }) => id === rule),
    level: LEVELS[severity],
    message: { text: fix === undefined ? message : `${message}\nSafe way: ${fix}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          region: { startLine: line, endLine, snippet: { text } },
        },
      },
    ],
  }
}

/** A relative URI, as SARIF wants paths inside a repository. */
function uriOf(file: string): string {
  return file.split(/[\\/]/).map(encodeURIComponent).join('/')
}
