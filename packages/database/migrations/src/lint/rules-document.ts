import { OTHER_LINTERS, type OtherRule } from './rules/other-linters.ts'
import { RULE_GROUPS } from './rules/registry.ts'
import type { Rule } from './rules/rule.ts'

const INTRODUCTION = `# Rules of the migration lint

Printed by \`esa db migrate rules\`. Each rule judges what a statement did when it was tried on a rehearsal database: locks, rewritten tables, tables read from end to end. Where it could not be tried, the text decides.

An error is dangerous or wrong and ends the lint with exit code 1; a warning needs a look; an info is a hint. A table that the files make themselves is not in use yet: what blocks others is not held against it. Rules marked _by size_ fall by one degree where the target's table holds 10 MB or less, and say so.

A danger that is accepted is written down before the statement or on its line: \`-- esa:allow RULE reason\`.`

/** All rules as Markdown, with those of other linters that they stand for. */
export function rulesDocument(): string {
  const groups = RULE_GROUPS.map(({ title, rules }) => [`## ${title}`, ...rules.map(ruleText)].join('\n\n'))
  return `${[INTRODUCTION, ...groups, othersText()].join('\n\n')}\n`
}

function ruleText({ id, severity, grows, danger, safeWay }: Rule): string {
  const degree = grows === true ? `${severity}, _by size_` : severity
  return `### ${id}\n\n${degree}. ${danger}\n\nSafe way: ${safeWay}`
}

function othersText(): string {
  const lists = OTHER_LINTERS.map(
    ({ linter, rules }) => `### ${linter}\n\n${rules.map(otherText).join('\n')}`,
  )
  return ['## Coming from another linter', ...lists].join('\n\n')
}

function otherText({ name, ours, why }: OtherRule): string {
  const links = ours.map((id) => `[${id}](#${id})`).join(', ')
  const reason = why === undefined ? '' : ours.length === 0 ? `left out: ${why}` : ` (${why})`
  return `- ${name}: ${links}${reason}`
}
