import { colours } from './colours.ts'

/** Something that was found, as far as it is shown. */
interface ShownFinding {
  kind: string
  severity: 'error' | 'warning' | 'info'
  relation?: string | undefined
  message: string
  fix?: string | undefined
}

const COLOUR = { error: colours.red, warning: colours.yellow, info: colours.dim }
const ORDER = Object.keys(COLOUR)

/** Findings for people, the worst first. */
export function findingsText(findings: readonly ShownFinding[]): string {
  return worstFirst(findings).map(findingText).join('\n')
}

/** Findings in the order of their severity. */
export function worstFirst<T extends Pick<ShownFinding, 'severity'>>(findings: readonly T[]): T[] {
  return findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
}

/** A finding in two or three lines: what, where, and how it is fixed. */
function findingText({ kind, severity, relation, message, fix }: ShownFinding): string {
  const head = `${COLOUR[severity](severity)} ${colours.bold(kind)} ${relation ?? ''}`.trimEnd()
  const lines = fix === undefined ? [message] : [message, ...`→ ${fix}`.split('\n')]
  return [head, ...lines.map((line) => `    ${line}`)].join('\n')
}
