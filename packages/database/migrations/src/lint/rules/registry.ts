import { COLUMN_RULES } from './column-rules.ts'
import { CONSTRAINT_RULES } from './constraint-rules.ts'
import { DATA_RULES } from './data-rules.ts'
import { INDEX_RULES } from './index-rules.ts'
import { NAME_RULES } from './name-rules.ts'
import type { Rule } from './rule.ts'
import { SCRIPT_RULES } from './script-rules.ts'
import { FALLBACK_RULES, TABLE_RULES } from './table-rules.ts'
import { TRANSACTION_RULES } from './transaction-rules.ts'
import { TYPE_RULES } from './type-rules.ts'

/** All rules under the headings of docs/rules.md. */
export const RULE_GROUPS: readonly { title: string; rules: readonly Rule[] }[] = [
  { title: 'Whether it runs at all', rules: SCRIPT_RULES },
  { title: 'Indexes', rules: INDEX_RULES },
  { title: 'Constraints', rules: CONSTRAINT_RULES },
  { title: 'Columns', rules: COLUMN_RULES },
  { title: 'Tables', rules: [...TABLE_RULES, ...FALLBACK_RULES] },
  { title: 'Locks and transactions', rules: TRANSACTION_RULES },
  { title: 'What is lost', rules: DATA_RULES },
  { title: 'Names and enum values', rules: NAME_RULES },
  { title: 'Types', rules: TYPE_RULES },
]

/** Every rule of the lint. */
export const RULES: readonly Rule[] = RULE_GROUPS.flatMap(({ rules }) => rules)
