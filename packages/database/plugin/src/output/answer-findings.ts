import type { Finding } from '@esa/database-catalog/sql'
import { EsaError } from '@esa/protocol'
import { colours } from './colours.ts'
import type { Config } from './config.ts'
import { EXIT } from './exit-codes.ts'
import { findingsGithub, findingsSarif, type Reporter } from './finding-reporters.ts'
import { answer } from './output.ts'

const COLOUR = { error: colours.red, warning: colours.yellow, info: colours.dim }
const ORDER = Object.keys(COLOUR)

/** Answers with what was found, the worst first; exit 1 when an error is among it. `more` is added to the JSON document. */
export function answerFindings(config: Config, findings: Finding[], more: object = {}): void {
  const sorted = worstFirst(findings)
  if (sorted.some(({ severity }) => severity === 'error')) process.exitCode = EXIT.findings
  answer(config, { findings: sorted, ...more }, () =>
    sorted.length === 0 ? 'nothing found' : findingsText(sorted),
  )
}

/** The same, written as a reporter writes it. @throws EsaError `usage.reporter` (terminal) when --json asks for another. */
export function reportFindings(
  config: Config,
  reporter: Reporter | undefined,
  tool: string,
  findings: Finding[],
  more: object = {},
): void {
  if (config.json && reporter !== undefined && reporter !== 'json') {
    throw new EsaError('usage.reporter', 'terminal', `--json and --reporter ${reporter} are two answers`, {
      hint: 'give one of them',
    })
  }
  const sorted = worstFirst(findings)
  if (reporter !== 'sarif' && reporter !== 'github') {
    answerFindings({ ...config, json: config.json || reporter === 'json' }, sorted, more)
    return
  }
  if (sorted.some(({ severity }) => severity === 'error')) process.exitCode = EXIT.findings
  answer({ json: reporter === 'sarif' }, findingsSarif(tool, sorted), () => findingsGithub(sorted))
}

/** Findings for people, the worst first. */
export function findingsText(findings: Finding[]): string {
  return worstFirst(findings).map(findingText).join('\n')
}

function worstFirst(findings: Finding[]): Finding[] {
  return findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
}

/** A finding in two or three lines: what, where, and how it is mended. */
function findingText({ kind, severity, relation, message, fix }: Finding): string {
  const head = `${COLOUR[severity](severity)} ${colours.bold(kind)} ${relation ?? ''}`.trimEnd()
  const lines = fix === undefined ? [message] : [message, ...`→ ${fix}`.split('\n')]
  return [head, ...lines.map((line) => `    ${line}`)].join('\n')
}
