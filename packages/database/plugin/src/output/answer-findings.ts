import type { Finding } from '@esa/database-catalog/sql'
import { EsaError } from '@esa/protocol'
import type { Config } from '../config.ts'
import { findingsGithub, findingsSarif, type Reporter } from './finding-reporters.ts'
import { answer, EXIT, findingsText, worstFirst } from '@esa/cli/plugin-kit'

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
