import { EsaError } from '@esa/protocol'
import type { Queryable } from '../queryable.ts'
import { OWN_MARK } from '../read-only.ts'
import {
  type CalledFunction,
  calledObjects,
  MetTypes,
  type ReadRelation,
  type Unnamed,
  writtenName,
} from './called-objects.ts'
import { judgeFunction } from './harmless-functions.ts'
import {
  type CalledName,
  emptyReading,
  type Reading,
  readPlanned,
  readStatements,
  refusal,
} from './read-statement.ts'

/** What only takes time: a workload of the operator's own may wait, and is cut off as any other. */
export const WAITING: ReadonlySet<string> = new Set(['pg_sleep', 'pg_sleep_for', 'pg_sleep_until'])

/** Functions, views and conditions that are followed for one statement: more is a web that nobody can vouch for. */
const FOLLOWED_MAX = 500

/**
 * Follows everything that a statement would run: the functions it calls by name, operator, cast or attribute, what stands
 * for arguments that are not given, the queries of views, the conditions of row security and domains, the bodies of SQL
 * functions, and all that these call.
 * A read-only transaction refuses writes of rows; this refuses what acts in other ways.
 * `allowed` are built-in functions that the caller vouches for.
 * @throws EsaError `sql.not-a-read` (terminal) with the name of what is not run, and why.
 */
export async function requireHarmless(
  session: Queryable,
  reading: Reading,
  allowed: ReadonlySet<string> = new Set(),
): Promise<void> {
  const seen = new Set<string>()
  const open: Reading[] = [reading]
  let unnamed: Unnamed = { support: [], targets: [] }
  const met = new MetTypes()
  // Relations whose rows something may fill in, which passes by the domains of their columns.
  let rows: CalledName[] = []
  let fillsRows = false
  const isNew = (key: string): boolean => !seen.has(key) && seen.add(key) !== undefined
  while (open.length > 0 || unnamed.support.length > 0 || unnamed.targets.length > 0) {
    if (seen.size > FOLLOWED_MAX)
      throw refusal(`it leads to more than ${FOLLOWED_MAX} functions and relations`)
    const current = together(open.splice(0))
    const called = await calledObjects(session, current, unnamed, met)
    open.push(...(await castsAmong(session, current, called.functions)))
    const { support, targets }: Unnamed = (unnamed = { support: [], targets: [] })
    rows.push(...current.relations)
    fillsRows ||= fills(current)
    const types = fillsRows ? rows : []
    if (fillsRows) rows = []
    for (const text of called.conditions.filter(isNew))
      open.push(...(await textOf(text, 'a condition of a domain')))
    const relations = called.relations.filter(({ oid }) => isNew(`relation ${oid}`))
    open.push(...(await plannedOf(session, relations, isNew)))
    for (const relation of relations) {
      // Another server's or a program's answer: what reading it does is decided there.
      if (relation.kind === 'f')
        throw refusal(`${relation.name} is a foreign table`, { relation: relation.name })
      for (const text of relation.texts) open.push(...(await textOf(text, relation.name)))
    }
    // What sorts may be called by its name later.
    for (const one of called.functions.filter(({ oid, written }) => isNew(`function ${oid} ${written}`))) {
      const [verdict, name] = [judgeFunction(one), `${one.schema}.${one.name}`]
      if (typeof verdict === 'object' && !(one.builtIn && allowed.has(one.name)))
        throw refusal(`${name}() is not run here: ${verdict.refusedBecause}`, { function: name })
      // A built-in function in SQL casts, and a cast may be of a user's own.
      if (verdict === 'follow' || (one.builtIn && one.language === 'sql'))
        open.push(...(await textOf(bodyOf(one), `${name}()`)))
      // What built-in aggregates call is built in, and so are the types of what is built in.
      if (one.builtIn) continue
      support.push(...one.support)
      if (one.written) types.push(...one.types)
      // Operators of extensions stand in every query, and take no domain of anybody.
      else if (one.extension === null) targets.push(...one.types)
      if (one.defaults !== null) open.push(...(await textOf(`select ${one.defaults}`, `${name}()`)))
    }
    if (types.length > 0) open.push({ ...emptyReading(), types })
  }
}

/** What is open is looked up together: each look costs the server as much as many do. */
function together(readings: Reading[]): Reading {
  const all = emptyReading()
  for (const { functions, operators, relations, types, attributes } of readings) {
    all.functions.push(...functions)
    all.operators.push(...operators)
    all.relations.push(...relations)
    all.types.push(...types)
    all.attributes.push(...attributes)
  }
  return all
}

/** True when it makes a row of the type of another value. `#=` is hstore's. */
function fills({ functions, operators }: Reading): boolean {
  return [...functions, ...operators].some(({ name }) => name === '#=' || name.includes('populate_record'))
}

/**
 * Names that are called and are no function: of a type, `t(x)` is a cast. Any other is refused here already, so that what
 * an extension would do is refused the same whether or not it is installed.
 */
async function castsAmong(session: Queryable, reading: Reading, known: CalledFunction[]): Promise<Reading[]> {
  const unknown = reading.functions.filter(
    ({ schema, name }) =>
      !known.some((one) => one.name === name && (schema === null || one.schema === schema)),
  )
  if (unknown.length === 0) return []
  const { rows } = await session.query(TYPES_BY_NAME, [unknown.map(writtenName)])
  const missing = rows.find(({ type }) => type === null)
  if (missing)
    throw refusal(`there is no function ${String(missing['name'])}()`, { function: String(missing['name']) })
  return [{ ...emptyReading(), types: unknown }]
}

const TYPES_BY_NAME = `select ${OWN_MARK} name, to_regtype(name)::text as type from unnest($1::text[]) name`

/**
 * What a planner runs for relations that are read: calls in their indexes, statistics, partitions and CHECKs that name no
 * column, and bodies of SQL functions there, which it puts in their place.
 */
async function plannedOf(
  session: Queryable,
  relations: ReadRelation[],
  isNew: (key: string) => boolean,
): Promise<Reading[]> {
  const found: Reading[] = []
  const inlined = emptyReading()
  for (const { planned, name } of relations) {
    if (planned === null) continue
    const reading = await readable(name, () => readPlanned(`select ${planned}`))
    const { functions, operators, types } = reading.constants
    if (functions.length + operators.length + types.length > 0) found.push(reading.constants)
    inlined.functions.push(...reading.inlined.functions)
    inlined.operators.push(...reading.inlined.operators)
  }
  if (inlined.functions.length + inlined.operators.length === 0) return found
  const { functions } = await calledObjects(session, inlined, { support: [], targets: [] }, new MetTypes())
  for (const one of functions) {
    if (one.builtIn || judgeFunction(one) !== 'follow' || !isNew(`inlined ${one.oid}`)) continue
    found.push(...(await textOf(bodyOf(one), `${one.schema}.${one.name}()`)))
  }
  return found
}

/** `BEGIN ATOMIC ... END` and `RETURN x` are not statements of their own. */
function bodyOf({ body }: CalledFunction): string {
  const atomic = /^\s*BEGIN ATOMIC\b(.*)\bEND\s*$/is.exec(body)?.[1]
  return atomic ?? body.replace(/^\s*RETURN\b/i, 'select')
}

function textOf(text: string, of: string): Promise<Reading[]> {
  return readable(of, () => readStatements(text))
}

async function readable<T>(of: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    const why = cause instanceof EsaError ? cause.message : String(cause)
    throw new EsaError('sql.not-a-read', 'terminal', `${of} is not run here: ${why}`, {
      cause,
      details: { of },
    })
  }
}
