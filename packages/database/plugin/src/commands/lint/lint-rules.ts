import { RULES, rulesDocument } from '@esa/database-migrations/lint'
import type { Config } from '../../config.ts'
import { answer } from '@esa/cli/plugin-kit'

/** Prints every rule of the lint: as Markdown, which is docs/rules.md, or as `{rules: {id, severity, danger, safeWay}[]}`. */
export function printRules(config: Config): void {
  const rules = RULES.map(({ id, severity, danger, safeWay }) => ({ id, severity, danger, safeWay }))
  answer(config, { rules }, () => rulesDocument().trimEnd())
}
