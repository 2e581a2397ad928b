import { EsaError } from '@esa/protocol'
import { NODE_FIELDS, READING_VALUES, type Role, TYPE_FIELD } from './node-fields.ts'
import { refusal } from './read-statement.ts'

/** A node as the server prints it: its label and its fields in order. */
interface TreeNode {
  label: string
  fields: Map<string, TreeValue>
}

/** A node, a list, or a word as it is printed; `<>` means nothing. */
export type TreeValue = TreeNode | TreeValue[] | string

/** A function with the types that it is called with here: undefined where the tree does not say one. */
export interface TreeCall {
  oid: number
  args: (number | undefined)[]
  result: number | undefined
}

/** Everything in a tree that may run code. */
export interface TreeFacts {
  calls: Map<string, TreeCall>
  operators: Set<number>
  families: Set<number>
  relations: Set<number>
  /** Types that values have. */
  types: Set<number>
  /** Of these, the ones whose values are made here: their checks run. */
  made: Set<number>
}

/** Facts of nothing. */
export function noFacts(): TreeFacts {
  return {
    calls: new Map(),
    operators: new Set(),
    families: new Set(),
    relations: new Set(),
    types: new Set(),
    made: new Set(),
  }
}

/** Nodes inside each other, at most: the walk recurses. */
const NESTED_MAX = 3_000

/** A tree that this program does not know: of a later server, or of none. */
function unknown(what: string): EsaError {
  return new EsaError(
    'sql.tree-unknown',
    'terminal',
    `the server resolved the statement into ${what}, which is not known here`,
    {
      hint: 'nothing was run; this PostgreSQL is newer than this program: update it',
      details: { what },
    },
  )
}

/**
 * Reads what `nodeToString` prints. A word ends at white space, a parenthesis or a brace that no backslash precedes; fields
 * and values take turns, so a name that looks like a field is none.
 * @throws EsaError `sql.tree-unknown`.
 */
export function parseTree(text: string): TreeValue {
  const words = /[(){}]|(?:\\[\s\S]|[^\s(){}\\])+/gy
  const space = /\s*/gy
  let at = 0
  const next = (): string => {
    space.lastIndex = at
    space.exec(text)
    words.lastIndex = space.lastIndex
    const word = words.exec(text)?.[0]
    if (word === undefined) throw unknown('a tree that ends too early')
    at = words.lastIndex
    return word
  }
  const peek = (): string => {
    const before = at
    const word = next()
    at = before
    return word
  }
  const value = (depth: number): TreeValue => {
    if (depth > NESTED_MAX) throw refusal(`a statement nested more than ${NESTED_MAX} deep is not run here`)
    const word = next()
    if (word === '(') {
      const list: TreeValue[] = []
      while (peek() !== ')') list.push(value(depth + 1))
      next()
      return list
    }
    if (word !== '{') return word
    const node: TreeNode = { label: next(), fields: new Map() }
    while (peek() !== '}') {
      const name = next()
      if (!name.startsWith(':')) throw unknown(`${node.label} with ${name}`)
      node.fields.set(name.slice(1), value(depth + 1))
      // The bytes of a constant follow their number.
      if (name === ':constvalue' && peek() === '[') while (next() !== ']') continue
    }
    next()
    return node
  }
  return value(0)
}

function isNode(value: TreeValue | undefined): value is TreeNode {
  return typeof value === 'object' && !Array.isArray(value)
}

/** Object ids of a field: one, or a list of them; 0 is none. */
function idsOf(value: TreeValue): number[] {
  const words = Array.isArray(value) ? value : [value]
  return words.flatMap((word) => (typeof word === 'string' && /^[1-9]\d*$/.test(word) ? [Number(word)] : []))
}

const BOOLEAN = 16
const TESTS = /^(?:BOOLEXPR|BOOLEANTEST|NULLTEST|SCALARARRAYOPEXPR|ROWCOMPAREEXPR|JSONISPREDICATE)$/

/** The type of a node's value, as far as the tree says it. */
function typeOf(value: TreeValue | undefined): number | undefined {
  if (!isNode(value)) return undefined
  if (TESTS.test(value.label)) return BOOLEAN
  const field = TYPE_FIELD[value.label]
  if (field === undefined) return undefined
  if (field.startsWith('.')) return typeOf(value.fields.get(field.slice(1)))
  return idsOf(value.fields.get(field)!)[0]
}

/** Types of the arguments in the order of the function's own, which names may change. */
function argumentTypes({ fields }: TreeNode): (number | undefined)[] {
  const types: (number | undefined)[] = []
  const args = fields.get('args')
  for (const [at, one] of (Array.isArray(args) ? args : []).entries()) {
    // An aggregate's arguments stand in entries of a target list.
    const arg = isNode(one) && one.label === 'TARGETENTRY' ? one.fields.get('expr') : one
    const named = isNode(arg) && arg.label === 'NAMEDARGEXPR' ? Number(arg.fields.get('argnumber')) : at
    types[named] = typeOf(arg)
  }
  return types
}

/** Notes one call, under a key that tells the same function with other types apart. */
export function noteCall(facts: TreeFacts, call: TreeCall): void {
  facts.calls.set(`${call.oid} ${call.args.join()} ${call.result ?? ''}`, call)
}

function note(facts: TreeFacts, node: TreeNode, role: Role, ids: number[]): void {
  for (const id of ids) {
    if (role === 'function') noteCall(facts, { oid: id, args: argumentTypes(node), result: typeOf(node) })
    else if (role === 'operator') facts.operators.add(id)
    else if (role === 'family') facts.families.add(id)
    else if (role === 'relation') facts.relations.add(id)
    else facts.types.add(id)
    if (role === 'made') facts.made.add(id)
  }
}

/**
 * Adds everything in a tree that may run code to `facts`.
 * @throws EsaError `sql.tree-unknown` for a node or a field that is not listed, `sql.not-a-read` for one that writes.
 */
export function noteTree(value: TreeValue, facts: TreeFacts): void {
  if (Array.isArray(value)) for (const one of value) noteTree(one, facts)
  if (!isNode(value)) return
  const known = NODE_FIELDS.get(value.label)
  if (!known) throw unknown(value.label)
  for (const [name, member] of value.fields) {
    const role = known.get(name)
    if (role === undefined) throw unknown(`${value.label}.${name}`)
    const wanted = READING_VALUES[name]
    if (
      wanted !== undefined &&
      member !== wanted &&
      !(wanted === '<>' && Array.isArray(member) && member.length === 0)
    )
      throw refusal(`it does more than read (${value.label}.${name})`)
    if (role !== null) note(facts, value, role, idsOf(member))
    noteTree(member, facts)
  }
}

/** Nodes that the planner may replace by one of their parts, so that what is left has no column. */
const MAY_SHRINK = /^(?:BOOLEXPR|CASEEXPR|COALESCEEXPR|NULLTEST|BOOLEANTEST|FIELDSELECT)$/

const CALLS =
  /^(?:FUNCEXPR|OPEXPR|DISTINCTEXPR|NULLIFEXPR|SCALARARRAYOPEXPR|COERCEVIAIO|COERCETODOMAIN|ARRAYCOERCEEXPR|MINMAXEXPR|ROWCOMPAREEXPR|SUBSCRIPTINGREF)$/

/** True when a value depends on a column whatever the planner makes of the expression. */
function needsColumn(value: TreeValue, inlined: ReadonlySet<number>): boolean {
  if (Array.isArray(value)) return value.some((one) => needsColumn(one, inlined))
  if (!isNode(value)) return false
  if (value.label === 'VAR') return true
  if (MAY_SHRINK.test(value.label)) return false
  const { fields } = value
  // What a body in SQL makes of its argument may be no part of it.
  if (idsOf(fields.get('funcid') ?? fields.get('opfuncid') ?? '').some((oid) => inlined.has(oid)))
    return false
  const args = fields.get('args')
  // A strict function of NULL is NULL.
  const maybeNull = (arg: TreeValue): boolean => !isValue(arg) && !needsColumn(arg, inlined)
  if (CALLS.test(value.label) && Array.isArray(args) && args.some(maybeNull)) return false
  return [...fields.values()].some((one) => needsColumn(one, inlined))
}

/** True for what is not NULL whatever its columns are. */
function isValue(value: TreeValue): boolean {
  if (!isNode(value)) return false
  if (value.label === 'CONST') return value.fields.get('constisnull') === 'false'
  if (value.label === 'RELABELTYPE') return isValue(value.fields.get('arg')!)
  return value.label === 'ARRAYEXPR' || value.label === 'ROWEXPR'
}

/**
 * Adds what a planner runs of the expressions of a table before a row is read: what depends on no column. `inlined` are
 * functions in SQL, whose bodies the planner puts in their place.
 */
export function noteConstants(value: TreeValue, facts: TreeFacts, inlined: ReadonlySet<number>): void {
  if (Array.isArray(value)) for (const one of value) noteConstants(one, facts, inlined)
  if (!isNode(value)) return
  if (CALLS.test(value.label) && !needsColumn(value, inlined)) noteTree(value, facts)
  else for (const member of value.fields.values()) noteConstants(member, facts, inlined)
}
