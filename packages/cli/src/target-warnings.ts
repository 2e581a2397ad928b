import { describeUrl } from '@esa/pg-server'
import type { TargetTerms } from '@esa/postgres'
import { colours } from './colours.ts'
import { note } from './output.ts'

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

/** A URL may hold a password. */
function shown(target: string): string {
  return target.includes('://') ? describeUrl(target) : target
}
