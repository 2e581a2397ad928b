import type { Node } from '@pgsql/types'
import { refusal } from '@esa/database-catalog/guard'
import { type Token, tokenize, parseScript } from '@esa/database-catalog/sql'

/** Options that EXPLAIN may be written with as words, without parentheses. */
const WORDS = new Set(['analyze', 'analyse', 'verbose'])

/** How an option is switched off. Source: PostgreSQL, defGetBoolean. */
const OFF = new Set(['off', 'false', '0'])

/**
 * The statement that an EXPLAIN explains; any other text as it is. The inner statement is judged like one without an EXPLAIN.
 * @throws EsaError `sql.not-a-read` (terminal) for ANALYZE OFF: what is explained here is run.
 */
export async function unwrapExplain(sql: string): Promise<string> {
  const [statement, ...others] = await parseScript(sql)
  if (statement === undefined || others.length > 0) return sql
  const explain = 'ExplainStmt' in statement.node ? statement.node.ExplainStmt : undefined
  if (explain === undefined) return sql
  const options = explain.options ?? []
  if (options.some(isAnalyzeOff))
    throw refusal('EXPLAIN with ANALYZE OFF is not run here: the statement is run to be measured')
  return statement.text.slice(startOfInner(statement.text, options.length > 0))
}

function isAnalyzeOff(option: Node): boolean {
  if (!('DefElem' in option)) return false
  const { defname, arg } = option.DefElem
  if (defname !== 'analyze' || arg === undefined) return false
  const said =
    'String' in arg
      ? arg.String.sval
      : 'Integer' in arg
        ? String(arg.Integer.ival ?? 0)
        : 'Boolean' in arg
          ? String(arg.Boolean.boolval ?? false)
          : ''
  return OFF.has(said?.toLowerCase() ?? '')
}

/** Where the explained statement begins: after the word EXPLAIN and its options. */
function startOfInner(text: string, hasOptions: boolean): number {
  const [, ...rest] = tokenize(text).filter(({ kind }) => kind !== 'comment')
  // A parenthesis without options before it may belong to the statement: EXPLAIN (SELECT 1).
  const first =
    hasOptions && rest[0]?.text === '('
      ? closing(rest) + 1
      : rest.findIndex(({ text: word }) => !WORDS.has(word.toLowerCase()))
  return rest[first]?.at ?? text.length
}

function closing(list: Token[]): number {
  let depth = 0
  return list.findIndex(({ kind, text }) => {
    if (kind === 'sign' && text === '(') depth += 1
    if (kind === 'sign' && text === ')') depth -= 1
    return depth === 0
  })
}
