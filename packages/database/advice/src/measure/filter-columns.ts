import { type Token, tokenize } from '@esa/database-catalog/sql'

/** A column that a filter compares with something known before the row is read. */
export interface FilterColumn {
  column: string
  kind: 'equality' | 'range'
}

const RANGE = new Set(['<', '<=', '>', '>='])
const OPERATOR_SIGNS = new Set('+-*/<>=~!@#%^&|`?')

/** Signs that belong to one operator are joined: `<` `=` is `<=`. */
function joined(text: string): Token[] {
  const tokens: Token[] = []
  for (const token of tokenize(text)) {
    const previous = tokens.at(-1)
    const touches = previous?.kind === 'sign' && previous.at + previous.text.length === token.at
    if (touches && OPERATOR_SIGNS.has(token.text) && OPERATOR_SIGNS.has(previous.text.at(-1)!)) {
      previous.text += token.text
    } else tokens.push({ ...token })
  }
  return tokens
}

/** Without the parentheses around the whole. */
function unwrapped(tokens: Token[]): Token[] {
  if (tokens[0]?.text !== '(') return tokens
  let depth = 0
  for (const [index, { text }] of tokens.entries()) {
    if (text === '(') depth += 1
    if (text === ')') depth -= 1
    if (depth === 0) return index === tokens.length - 1 ? unwrapped(tokens.slice(1, -1)) : tokens
  }
  return tokens
}

/** Parts between separators that stand outside all parentheses. */
function split(tokens: Token[], separates: (token: Token) => boolean): Token[][] {
  const parts: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (token.text === '(' || token.text === '[') depth += 1
    if (token.text === ')' || token.text === ']') depth -= 1
    if (depth === 0 && separates(token)) parts.push([])
    else parts.at(-1)!.push(token)
  }
  return parts
}

const isWord = (word: string) => (token: Token) => token.kind === 'word' && token.text.toLowerCase() === word

function nameOf(token: Token | undefined): string | undefined {
  if (token?.kind === 'word') return token.text
  return token?.kind === 'quoted' ? token.text.slice(1, -1).replaceAll('""', '"') : undefined
}

/** `alias.column`, perhaps as `(alias.column)::text`: a varchar compared as text still uses its own index. */
function columnOf(tokens: Token[], alias: string): string | undefined {
  const parts = unwrapped(tokens)
  const cast = parts.slice(-3)
  if (cast.length === 3 && cast[0]!.text === ':' && cast[1]!.text === ':' && cast[2]!.text === 'text') {
    return columnOf(parts.slice(0, -3), alias)
  }
  if (parts.length !== 3 || parts[1]!.text !== '.' || nameOf(parts[0]) !== alias) return undefined
  return nameOf(parts[2])
}

function mentions(tokens: Token[], alias: string): boolean {
  return tokens.some((token, index) => nameOf(token) === alias && tokens[index + 1]?.text === '.')
}

function comparison(conjunct: Token[], alias: string): FilterColumn | undefined {
  const parts = unwrapped(conjunct)
  let depth = 0
  const at = parts.findIndex((token) => {
    if (token.text === '(') depth += 1
    if (token.text === ')') depth -= 1
    return depth === 0 && token.kind === 'sign' && OPERATOR_SIGNS.has(token.text[0]!)
  })
  const operator = parts[at]?.text ?? ''
  const kind = operator === '=' ? 'equality' : 'range'
  if (kind === 'range' && !RANGE.has(operator)) return undefined
  const [left, right] = [parts.slice(0, at), parts.slice(at + 1)]
  const column = columnOf(left, alias)
  if (column !== undefined) return mentions(right, alias) ? undefined : { column, kind }
  const other = columnOf(right, alias)
  return other === undefined || mentions(left, alias) ? undefined : { column: other, kind }
}

/**
 * The columns of relation `alias` that an index could look up for a plan's `Filter`, as EXPLAIN VERBOSE prints it:
 * those compared with a constant, a parameter or another relation in a conjunct of its own. A condition under OR or
 * inside a function is in deeper parentheses, where EXPLAIN always puts it, and gives none.
 */
export function filterColumns(filter: string, alias: string): FilterColumn[] {
  const tokens = unwrapped(joined(filter))
  const conjuncts = split(tokens, isWord('and'))
  const found = conjuncts.flatMap((conjunct) => comparison(conjunct, alias) ?? [])
  return found.filter((one, index) => found.findIndex((other) => other.column === one.column) === index)
}

/**
 * The columns of a sort that one ascending index serves, forwards or backwards; empty when the keys are expressions,
 * of another relation, of mixed direction, or put NULLs elsewhere than an index does.
 */
export function sortColumns(sortKey: readonly string[], alias: string): string[] {
  const keys = sortKey.map((key) => {
    const tokens = tokenize(key)
    const descending = isWord('desc')(tokens.at(-1) ?? { kind: 'sign', text: '', at: 0 })
    return { column: columnOf(descending ? tokens.slice(0, -1) : tokens, alias), descending }
  })
  const served = keys.every((key) => key.column !== undefined && key.descending === keys[0]?.descending)
  return served ? keys.map((key) => key.column!) : []
}
