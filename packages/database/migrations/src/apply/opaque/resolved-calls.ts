import { isEsaError } from '@esa/protocol'
import {
  Followed,
  FOLLOWED_MAX,
  knownHarmless,
  READING_VALUES,
  withoutStrings,
  resolve,
  noFacts,
  noteCall,
  noteConstants,
  noteTree,
  parseTree,
  type TreeFacts,
  type TreeValue,
  type Added,
  addedByUsers,
  castsFrom,
  functionsOfOperators,
  relationsOf,
  typesOf,
} from '@esa/database-catalog/guard'
import { sqlState, type ReadOnlySession } from '@esa/database-catalog/sql'

/** A number that a sequence has given is not data that can be lost. */
const ALLOWED = new Set(['pg_catalog.nextval'])

/** What a server said of queries: what they would call that is not known to be harmless; null: it did not resolve one. */
export type Calls = string[] | null

/** What runs with a statement: trees of the catalog, and types whose values are made. */
export interface Behind {
  trees: string[]
  made: number[]
}

/**
 * Has the server resolve queries and what else runs with them (trees of defaults, CHECKs, indexes), and names what they
 * would call that is not known to be harmless: by function, cast, operator, type, domain, however it is written. Runs
 * nothing: where literals could run code while they are read, the queries are judged without them first.
 */
export async function callsOf(session: ReadOnlySession, queries: string[], beside: Behind): Promise<Calls> {
  const added = await addedByUsers(session)
  const judge = new CallJudge(session, added)
  const said = new Set<string>()
  const behind = await orNull(session, () =>
    judge.callsIn(
      beside.trees.map((tree) => parseTree(tree)),
      beside.made,
    ),
  )
  if (behind === null) return null
  for (const call of behind) said.add(call)
  for (const query of queries) {
    const calls = await orNull(session, () => callsOfQuery(session, judge, query, added.read.length > 0))
    if (calls === null) return null
    for (const call of calls) said.add(call)
  }
  return [...said]
}

async function callsOfQuery(
  session: ReadOnlySession,
  judge: CallJudge,
  query: string,
  careful: boolean,
): Promise<string[]> {
  const forms = careful ? [await withoutStrings(query), query] : [query]
  let calls: string[] = []
  for (const form of forms) {
    const { trees } = await resolve(session, form)
    calls = await judge.callsIn(trees)
    if (calls.length > 0) break
  }
  return calls
}

/** Null for what the server refuses, or answers with a tree that is not known here; the transaction goes on. */
async function orNull<T>(session: ReadOnlySession, work: () => Promise<T>): Promise<T | null> {
  await session.query('savepoint esa_resolve')
  try {
    const result = await work()
    await session.query('release savepoint esa_resolve')
    return result
  } catch (error) {
    await session.query('rollback to savepoint esa_resolve; release savepoint esa_resolve')
    if (sqlState(error) === undefined && !isEsaError(error)) throw error
    return null
  }
}

class CallJudge {
  readonly #session: ReadOnlySession
  readonly #added: Added
  readonly #met: Followed
  /** What was said of the ids that were seen: a second query that meets them says it again. */
  readonly #said = new Set<string>()

  constructor(session: ReadOnlySession, added: Added) {
    this.#session = session
    this.#added = added
    this.#met = new Followed(added)
  }

  /** @throws EsaError `sql.tree-unknown`. */
  async callsIn(trees: TreeValue[], made: number[] = []): Promise<string[]> {
    let open: TreeFacts | null = { ...noFacts(), made: new Set(made) }
    for (const tree of trees) noteAll(tree, open)
    while (open !== null && !this.#met.isTooMuch) open = await this.#round(open)
    if (open !== null) this.#said.add(`more than ${FOLLOWED_MAX} functions, relations and types`)
    return [...this.#said]
  }

  /** What the planner computes of the tables that are read: constants, and whatever a body in SQL comes to. */
  async #planned(trees: TreeValue[], next: TreeFacts): Promise<void> {
    const found = noFacts()
    for (const tree of trees) noteTree(tree, found)
    const oids = [...found.calls.values()].map(({ oid }) => oid)
    const bodies = (await knownHarmless(this.#session, oids)).filter(({ verdict }) => verdict === 'follow')
    for (const { name } of bodies) this.#said.add(`${name}()`)
    const inlined = new Set(bodies.map(({ oid }) => oid))
    for (const tree of trees) noteConstants(tree, next, inlined)
  }

  async #round(facts: TreeFacts): Promise<TreeFacts | null> {
    const session = this.#session
    const next = noFacts()
    const loose = (oid: number): void => noteCall(next, { oid, args: [], result: undefined })
    const planned: TreeValue[] = []
    for (const relation of await relationsOf(session, this.#met.fresh('relation', facts.relations))) {
      if (relation.kind === 'f') this.#said.add(`the foreign table ${relation.name}`)
      for (const tree of relation.virtual) noteTree(parseTree(tree), next)
      for (const { what } of relation.families) facts.families.add(what)
      planned.push(...relation.planned.map(({ what }) => parseTree(what)))
    }
    await this.#planned(planned, next)
    const made = this.#met.touchedTypes(this.#met.fresh('made', facts.made))
    const types = this.#met.touchedTypes(this.#met.fresh('type', facts.types))
    if (made.length + types.length > 0) {
      const found = await typesOf(session, types, made)
      for (const check of found.checks) noteTree(parseTree(check), next)
      for (const { what } of found.functions) loose(what)
      for (const oid of await castsFrom(session, found.types)) loose(oid)
    }
    const operators = this.#met.touched(this.#met.fresh('operator', facts.operators), this.#added.operators)
    const families = this.#met.touched(this.#met.fresh('family', facts.families), this.#added.families)
    for (const { what } of await functionsOfOperators(session, operators, families)) loose(what)
    const called = this.#met.fresh('call', new Set([...facts.calls.values()].map(({ oid }) => oid)))
    for (const { name, verdict } of await knownHarmless(session, called))
      if (verdict !== 'harmless' && !ALLOWED.has(name)) this.#said.add(`${name}()`)
    const { calls, operators: more, families: also, relations, types: of, made: new_ } = next
    return calls.size + more.size + also.size + relations.size + of.size + new_.size === 0 ? null : next
  }
}

/** Nodes of statements that write, with nothing in their own fields that runs. */
const WRITING = new Set([
  'ONCONFLICTEXPR',
  'INFERENCEELEM',
  'MERGEACTION',
  'WITHCHECKOPTION',
  'ROWMARKCLAUSE',
])

/** Nodes that stand for a value of a sequence, a default and a cursor's row. */
const INERT = new Set(['NEXTVALUEEXPR', 'SETTODEFAULT', 'CURRENTOFEXPR'])

/** Adds what runs in a tree that may write: what a reading one has not is taken out of it and noted by itself. */
function noteAll(tree: TreeValue, facts: TreeFacts): void {
  const apart: TreeValue[] = []
  const reading = readingOf(tree, apart)
  if (typeof reading === 'object' && !Array.isArray(reading) && WRITING.has(reading.label))
    for (const member of reading.fields.values()) noteAll(member, facts)
  else if (Array.isArray(reading)) for (const one of reading) noteAll(one, facts)
  else noteTree(reading, facts)
  for (const one of apart) noteAll(one, facts)
}

function readingOf(tree: TreeValue, apart: TreeValue[]): TreeValue {
  if (typeof tree === 'string') return tree
  if (Array.isArray(tree)) return tree.map((one) => readingOf(one, apart))
  if (INERT.has(tree.label)) return '<>'
  const fields = new Map<string, TreeValue>()
  for (const [name, member] of tree.fields) {
    const wanted = READING_VALUES[name]
    if (wanted === undefined) fields.set(name, readingOf(member, apart))
    else {
      fields.set(name, wanted)
      if (typeof member === 'object') apart.push(member)
    }
  }
  return { label: tree.label, fields }
}
