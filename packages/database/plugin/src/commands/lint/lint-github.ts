import type { LintFinding, Verdict } from '@esa/database-migrations/lint'

const COMMANDS: Record<LintFinding['severity'], string> = {
  error: 'error',
  warning: 'warning',
  info: 'notice',
}

/** Findings as workflow commands, which GitHub shows beside the lines. Source: GitHub's "Workflow commands for GitHub Actions". */
export function githubText(statements: readonly Verdict[]): string {
  return statements
    .flatMap(({ file, line, endLine, findings }) =>
      findings.map(({ rule, severity, message, fix }) => {
        const place = `file=${property(file)},line=${line},endLine=${endLine},title=${property(rule)}`
        return `::${COMMANDS[severity]} ${place}::${data(fix === undefined ? message : `${message}\n→ ${fix}`)}`
      }),
    )
    .join('\n')
}

/** A value behind the colons of a workflow command. */
export function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

/** A value between the commas of a workflow command. */
export function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
