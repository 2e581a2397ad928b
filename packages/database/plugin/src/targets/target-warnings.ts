import { describeUrl } from '@esa/pg-server'
import type { TargetTerms } from '@esa/database-catalog/guard'
import { colours, note } from '@esa/cli/plugin-kit'

/** What the operator of a target has to know. */
export type TargetWarning = Parameters<TargetTerms['warn']>[0]

const said = new Set<string>()

/** Says on stderr what the operator of a target has to know, once a target in the life of a process: it is so of every statement. */
export function warnOnce(target: string): TargetTerms['warn'] {
  return ({ code, message, hint }) => {
    const key = `${target} ${code}`
    if (said.has(key)) return
    said.add(key)
    note(`${colours.yellow('warning')} ${code} ${shown(target)}: ${message} (${hint})`)
  }
}

/** The same terms, and what they warn of while they are used, each code once: `answer` shows it where JSON is requested. */
export function collectWarnings<T extends TargetTerms>(terms: T): { terms: T; warnings: TargetWarning[] } {
  const warnings: TargetWarning[] = []
  const warn: TargetTerms['warn'] = (warning) => {
    if (!warnings.some(({ code }) => code === warning.code)) warnings.push(warning)
    terms.warn(warning)
  }
  return { terms: { ...terms, warn }, warnings }
}

/** A URL may hold a password. */
function shown(target: string): string {
  return target.includes('://') ? describeUrl(target) : target
}
