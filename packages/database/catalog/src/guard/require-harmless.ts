import { EsaError } from '@esa/protocol'
import { deparseSync } from 'pgsql-deparser'
import { sqlState } from '../sql/postgres-error.ts'
import type { ReadOnlySession } from '../sql/read-only.ts'
import { parseScript } from '../sql/parse-script.ts'
import { walk } from '../sql/tree.ts'
import { type BesideLine, BESIDES } from './besides.ts'
import { bodyStatements } from './function-body.ts'
import { Followed, FOLLOWED_MAX } from './followed.ts'
import { FIRST_NORMAL_OID, judgeFunction } from './harmless-functions.ts'
import { type Reading, refusal } from './read-statement.ts'
import { resolve, type Resolved } from './resolve.ts'
import {
  noFacts,
  noteCall,
  noteConstants,
  noteTree,
  parseTree,
  type TreeCall,
  type TreeFacts,
  type TreeValue,
} from './resolved-tree.ts'
import {
  type Added,
  addedByUsers,
  type Beside,
  type CalledFunction,
  castsFrom,
  functionsOf,
  functionsOfOperators,
  relationsOf,
  typesOf,
} from './tree-objects.ts'

/** What only takes time: a workload of the operator's own may wait, and is cut off as any other. */
export const WAITING: ReadonlySet<string> = new Set(['pg_sleep', 'pg_sleep_for', 'pg_sleep_until'])

/** Functions whose value is a record with the fields of the record that they were given. */
const RECORD = new Set([2249, 2287])

/**
 * Has the server resolve a statement, and judges all that it would call: what is in the rewritten tree, and what runs
 * without standing there. A read-only transaction refuses writes of rows; this refuses what acts in other ways.
 * `allowed` are built-in functions that the caller vouches for; `besides` are all lines but in a test. What it returns is
 * run by `EXECUTE name`.
 * @throws EsaError `sql.not-a-read` (terminal) with the name of what is not run, and why; `sql.tree-unknown`,
 * `sql.tree-unseen`; the server's error for what it cannot resolve.
 */
export async function requireHarmless(
  session: ReadOnlySession,
  { text }: Pick<Reading, 'text'>,
  allowed: ReadonlySet<string> = NO_NAMES,
  besides: ReadonlySet<BesideLine> = BESIDES,
): Promise<string> {
  const known = judges.get(session)
  const judge = known?.fits(allowed) === true ? known : await Judge.begin(session, { allowed, besides })
  // A refusal leaves nothing behind that was only half judged.
  judges.delete(session)
  const { name } = await judge.statement(text)
  judges.set(session, judge)
  return name
}

/** What was judged in a transaction is not judged again in it. */
const judges = new WeakMap<ReadOnlySession, Judge>()

const NO_NAMES: ReadonlySet<string> = new Set()

interface Terms {
  /** Built-in functions that the caller vouches for. */
  allowed: ReadonlySet<string>
  besides: ReadonlySet<BesideLine>
}

class Judge {
  readonly #session: ReadOnlySession
  readonly #terms: Terms
  readonly #added: Added
  readonly #met: Followed
  readonly #types = new Set<number>()
  #castsToo = false
  /** Literals of some type run code while a statement is analysed. */
  #careful = true

  constructor(session: ReadOnlySession, terms: Terms, added: Added) {
    this.#session = session
    this.#terms = terms
    this.#added = added
    this.#met = new Followed(added)
  }

  /** A judge who knows whether literals act. */
  static async begin(session: ReadOnlySession, terms: Terms): Promise<Judge> {
    const added = await addedByUsers(session)
    const judge = new Judge(session, terms, added)
    try {
      if (terms.besides.has('literals')) await judge.facts({ ...noFacts(), made: new Set(added.read) })
      judge.#careful = false
      return judge
    } catch (error) {
      if (error instanceof EsaError) return new Judge(session, terms, added)
      throw error
    }
  }

  fits(allowed: ReadonlySet<string>): boolean {
    return this.#terms.allowed === allowed
  }

  /** Resolves and judges one statement. */
  async statement(text: string, types: string[] = []): Promise<Resolved> {
    if (this.#careful) await this.#resolved(await withoutStrings(text), types)
    return this.#resolved(text, types)
  }

  async #resolved(text: string, types: string[]): Promise<Resolved> {
    const resolved = await resolve(this.#session, text, types)
    await this.facts(factsOf(resolved))
    return resolved
  }

  /** Judges facts and all that they lead to. */
  async facts(begun: TreeFacts): Promise<void> {
    let open: TreeFacts | undefined = begun
    while (open) {
      if (this.#met.isTooMuch)
        throw refusal(`it leads to more than ${FOLLOWED_MAX} functions, relations and types`)
      open = await this.#round(open)
    }
  }

  #has(line: BesideLine): boolean {
    return this.#terms.besides.has(line)
  }

  #listed<T>(found: Beside<T>[]): T[] {
    return found.filter(({ line }) => line === 'operators' || this.#has(line)).map(({ what }) => what)
  }

  async #round(facts: TreeFacts): Promise<TreeFacts | undefined> {
    const next = noFacts()
    await this.#relations(this.#met.fresh('relation', facts.relations), facts, next)
    await this.#judgeTypes(facts, next)
    const added = this.#added
    const operators = this.#met.touched(this.#met.fresh('operator', facts.operators), added.operators)
    const families = this.#met.touched(this.#met.fresh('family', facts.families), added.families)
    const functions = await functionsOfOperators(this.#session, operators, families)
    for (const oid of this.#listed(functions)) noteLoose(next, oid)
    const calls = [...facts.calls].filter(([key]) => this.#met.isNew('call', key)).map(([, call]) => call)
    await this.#calls(calls, next)
    return isEmpty(next) ? undefined : next
  }

  async #judgeTypes(facts: TreeFacts, next: TreeFacts): Promise<void> {
    if (this.#castsToo)
      await this.#casts(
        [...facts.types].filter((oid) => !this.#types.has(oid)),
        next,
      )
    for (const oid of facts.types) this.#types.add(oid)
    const values = this.#has('domains') ? facts.made : []
    const made = this.#met.touchedTypes(this.#met.fresh('made', values))
    const types = this.#met.touchedTypes(this.#met.fresh('type', facts.types))
    if (made.length + types.length === 0) return
    const found = await typesOf(this.#session, types, made)
    for (const oid of found.types) this.#types.add(oid)
    for (const oid of found.made) this.#met.isNew('made', oid)
    for (const oid of found.types) this.#met.isNew('type', oid)
    for (const check of found.checks) noteTree(parseTree(check), next)
    for (const oid of this.#listed(found.functions)) noteLoose(next, oid)
    if (this.#castsToo) await this.#casts(found.types, next)
  }

  async #casts(types: number[], next: TreeFacts): Promise<void> {
    if (types.length === 0) return
    for (const oid of await castsFrom(this.#session, types)) noteLoose(next, oid)
  }

  async #relations(oids: number[], facts: TreeFacts, next: TreeFacts): Promise<void> {
    const planned: TreeValue[] = []
    for (const relation of await relationsOf(this.#session, oids)) {
      if (relation.child && !this.#has('children')) continue
      this.#met.isNew('relation', relation.oid)
      // Another server's or a program's answer: what reading it does is decided there.
      if (relation.kind === 'f')
        throw refusal(`${relation.name} is a foreign table`, { relation: relation.name })
      if (this.#has('virtual-columns')) for (const tree of relation.virtual) noteTree(parseTree(tree), next)
      for (const family of this.#listed(relation.families)) facts.families.add(family)
      planned.push(...this.#listed(relation.planned).map(parseTree))
    }
    await this.#planned(planned, next)
  }

  /** What the planner computes: constants at once, and of bodies in SQL whatever is constant in them. */
  async #planned(trees: TreeValue[], next: TreeFacts): Promise<void> {
    const found = noFacts()
    for (const tree of trees) noteTree(tree, found)
    const own = [...found.calls.values()].map(({ oid }) => oid).filter((oid) => oid >= FIRST_NORMAL_OID)
    const called = await functionsOf(this.#session, own)
    const bodies = new Set(called.filter((one) => judgeFunction(one) === 'follow').map(({ oid }) => oid))
    for (const call of found.calls.values()) if (bodies.has(call.oid)) noteCall(next, call)
    // The planner adds defaults of missing arguments.
    const given = called.flatMap(({ defaults }) => (defaults === null ? [] : [parseTree(defaults)]))
    for (const tree of [...trees, ...given]) noteConstants(tree, next, bodies)
  }

  async #calls(calls: TreeCall[], next: TreeFacts): Promise<void> {
    const functions = new Map<number, CalledFunction>()
    for (const one of await functionsOf(this.#session, [...new Set(calls.map(({ oid }) => oid))]))
      functions.set(one.oid, one)
    for (const call of calls) {
      const one = functions.get(call.oid)
      if (!one) throw refusal(`the function ${call.oid} is gone`)
      await this.#call(one, call, next)
    }
  }

  async #call(one: CalledFunction, call: TreeCall, next: TreeFacts): Promise<void> {
    const verdict = judgeFunction(one)
    const name = `${one.schema}.${one.name}`
    if (typeof verdict === 'object' && !(one.builtIn && this.#terms.allowed.has(one.name)))
      throw refusal(`${name}() is not run here: ${verdict.refusedBecause}`, { function: name })
    this.#filled(one, call, next)
    // What an extension that only computes calls is its own, too.
    if (one.builtIn || one.extension !== null) {
      if (one.casts) await this.#castsOfAll(next)
      return
    }
    if (this.#has('aggregate-support')) {
      for (const oid of one.support) noteLoose(next, oid)
      for (const oid of one.operators) next.operators.add(oid)
    }
    // The first state is read from text, as a value of its type: a polymorphic one has a type of the arguments.
    if (this.#has('aggregate-states') && one.language === 'aggregate')
      for (const oid of [...one.states, ...call.args]) if (oid !== undefined) next.made.add(oid)
    for (const { type } of one.args) next.types.add(type)
    if (one.defaults !== null && this.#has('defaults')) noteTree(parseTree(one.defaults), next)
    if (verdict === 'follow' && this.#has('bodies')) await this.#body(one, call, name)
  }

  /** It casts its argument, and a cast may be of a user's own. */
  async #castsOfAll(next: TreeFacts): Promise<void> {
    if (this.#castsToo || !this.#has('built-in-casts')) return
    this.#castsToo = true
    await this.#casts([...this.#types], next)
  }

  /** A function that fills a row whose type only its value shows. */
  #filled(one: CalledFunction, { result }: TreeCall, next: TreeFacts): void {
    if (result === undefined || !RECORD.has(result) || !this.#has('filled-rows')) return
    if (one.returns.polymorphic && one.returns.type !== result)
      for (const oid of this.#types) next.made.add(oid)
  }

  async #body(one: CalledFunction, call: TreeCall, name: string): Promise<void> {
    try {
      for (const { types, forms } of await bodyStatements(this.#session, one, call)) {
        await this.#firstForm(forms, types)
      }
    } catch (cause) {
      if (!(cause instanceof EsaError) && sqlState(cause) === undefined) throw cause
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new EsaError('sql.not-a-read', 'terminal', `${name}() is not run here: ${why}`, {
        cause,
        details: { of: name },
        hint: 'give one SELECT that only reads',
      })
    }
  }

  /** Judges the first form that the server takes; an error of judging it is not a reason to try another. */
  async #firstForm(forms: string[], types: string[]): Promise<void> {
    let failure: unknown = refusal('it has no statement')
    const resolved = async (text: string): Promise<boolean> => {
      await this.#session.query('savepoint esa_body')
      let found: Resolved
      try {
        found = await resolve(this.#session, text, types)
      } catch (error) {
        if (sqlState(error) === undefined || error instanceof EsaError) throw error
        await this.#session.query('rollback to savepoint esa_body')
        failure = error
        return false
      }
      await this.facts(factsOf(found))
      return true
    }
    for (const form of forms) {
      if (this.#careful && !(await resolved(await withoutStrings(form)))) continue
      if (await resolved(form)) return
    }
    throw failure
  }
}

function factsOf({ trees }: Resolved): TreeFacts {
  const facts = noFacts()
  for (const tree of trees) noteTree(tree, facts)
  return facts
}

function isEmpty({ calls, operators, families, relations, types, made }: TreeFacts): boolean {
  return calls.size + operators.size + families.size + relations.size + types.size + made.size === 0
}

/** A function that no tree calls by itself: only its own types are known. */
function noteLoose(facts: TreeFacts, oid: number): void {
  noteCall(facts, { oid, args: [], result: undefined })
}

/** The statement with NULL for each string: what its literals would run while it is analysed is judged before they are there. */
export async function withoutStrings(text: string): Promise<string> {
  const [statement] = await parseScript(text)
  const node = structuredClone(statement!.node)
  walk(node, (kind, body) => {
    if (kind !== 'A_Const' || body['sval'] === undefined) return
    delete body['sval']
    body['isnull'] = true
  })
  try {
    return deparseSync(node)
  } catch (cause) {
    throw new EsaError(
      'sql.not-a-read',
      'terminal',
      'it cannot be written without its literals, which may run code here',
      {
        cause,
        hint: 'give one SELECT that only reads',
      },
    )
  }
}
