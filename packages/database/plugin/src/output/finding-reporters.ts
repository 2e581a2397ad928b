import type { Finding } from '@esa/database-catalog/sql'
import { data, property } from '../commands/lint/lint-github.ts'

/** How the findings of a review are written, besides the words and the JSON of every command. */
export const REPORTERS = ['text', 'json', 'sarif', 'github'] as const
export type Reporter = (typeof REPORTERS)[number]

const SARIF_LEVELS: Record<Finding['severity'], string> = { error: 'error', warning: 'warning', info: 'note' }
const GITHUB_COMMANDS: Record<Finding['severity'], string> = {
  error: 'error',
  warning: 'warning',
  info: 'notice',
}

/**
 * Findings about a database as a SARIF log: what they concern are relations and no lines of a file, so each has a logical
 * location. Source: OASIS SARIF 2.1.0, 3.33.
 */
export function findingsSarif(tool: string, findings: readonly Finding[]): object {
  const rules = [...new Set(findings.map(({ kind }) => kind))]
  const results = findings.map(({ kind, severity, relation, message, fix }) => ({
    ruleId: kind,
    ruleIndex: rules.indexOf(kind),
    level: SARIF_LEVELS[severity],
    message: { text: fix === undefined ? message : `${message}\nFix: ${fix}` },
    locations: [{ logicalLocations: [{ fullyQualifiedName: relation ?? 'database', kind: 'object' }] }],
  }))
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: tool, rules: rules.map((id) => ({ id })) } }, results }],
  }
}

/** Findings as workflow commands, which GitHub lists with a run. Source: GitHub's "Workflow commands for GitHub Actions". */
export function findingsGithub(findings: readonly Finding[]): string {
  return findings
    .map(({ kind, severity, relation, message, fix }) => {
      const said = [
        relation === undefined ? message : `${relation}: ${message}`,
        ...(fix === undefined ? [] : [`→ ${fix}`]),
      ]
      return `::${GITHUB_COMMANDS[severity]} title=${property(kind)}::${data(said.join('\n'))}`
    })
    .join('\n')
}
