import { EsaError } from '@esa/protocol'
import type { Queryable } from '../queryable.ts'
import { OWN_MARK } from '../read-only.ts'
import { calledObjects, writtenName } from './called-objects.ts'
import { type CatalogFunction, judgeFunction } from './harmless-functions.ts'
import { type Reading, readStatements, refusal } from './read-statement.ts'

/** What only takes time: a workload of the operator's own may wait, and is cut off as any other. */
export const WAITING: ReadonlySet<string> = new Set(['pg_sleep', 'pg_sleep_for', 'pg_sleep_until'])

/** Functions, views and conditions that are followed for one statement: more is a web that nobody can vouch for. */
const FOLLOWED_MAX = 500

/**
 * Follows everything that a statement would run: the functions it calls by name, operator, cast or attribute, the
 * queries of views, the conditions of row security and domains, the bodies of SQL functions, and all that these call.
 * A read-only transaction refuses writes of rows; this refuses what acts in other ways.
 * `allowed` are built-in functions that the caller vouches for.
 * @throws EsaError `sql.not-a-read` (terminal) with the name of what is not run, and why.
 */
export async function requireHarmless(
  session: Queryable,
  reading: Reading,
  allowed: ReadonlySet<string> = new Set(),
): Promise<void> {
  const seen = new Set<number>()
  const open: Reading[] = [reading]
  let support: number[] = []
  const isNew = ({ oid }: { oid: number }): boolean => !seen.has(oid) && seen.add(oid) !== undefined
  while (open.length > 0 || support.length > 0) {
    if (seen.size > FOLLOWED_MAX)
      throw refusal(`it leads to more than ${FOLLOWED_MAX} functions and relations`)
    const current = open.pop() ?? NOTHING
    const called = await calledObjects(session, current, support)
    open.push(...(await castsAmong(session, current, called.functions)))
    support = []
    for (const text of called.conditions) open.push(...(await textOf(text, 'a condition of a domain')))
    for (const relation of called.relations.filter(isNew)) {
      // Another server's or a program's answer: what reading it does is decided there.
      if (relation.kind === 'f')
        throw refusal(`${relation.name} is a foreign table`, { relation: relation.name })
      for (const text of relation.texts) open.push(...(await textOf(text, relation.name)))
    }
    for (const one of called.functions.filter(isNew)) {
      const [verdict, name] = [judgeFunction(one), `${one.schema}.${one.name}`]
      if (typeof verdict === 'object' && !(one.builtIn && allowed.has(one.name)))
        throw refusal(`${name}() is not run here: ${verdict.refusedBecause}`, { function: name })
      if (verdict === 'follow') open.push(...(await textOf(bodyOf(one), `${name}()`)))
      // What built-in aggregates call is built in.
      if (!one.builtIn) support.push(...one.support)
    }
  }
}

const NOTHING: Reading = {
  text: '',
  node: { SelectStmt: {} },
  functions: [],
  operators: [],
  relations: [],
  types: [],
  attributes: [],
}

/**
 * Names that are called and are no function: of a type, `t(x)` is a cast. Any other is refused here already, so that what
 * an extension would do is refused the same whether or not it is installed.
 */
async function castsAmong(
  session: Queryable,
  reading: Reading,
  known: CatalogFunction[],
): Promise<Reading[]> {
  const unknown = reading.functions.filter(
    ({ schema, name }) =>
      !known.some((one) => one.name === name && (schema === null || one.schema === schema)),
  )
  if (unknown.length === 0) return []
  const { rows } = await session.query(TYPES_BY_NAME, [unknown.map(writtenName)])
  const missing = rows.find(({ type }) => type === null)
  if (missing)
    throw refusal(`there is no function ${String(missing['name'])}()`, { function: String(missing['name']) })
  return [{ ...NOTHING, types: unknown }]
}

const TYPES_BY_NAME = `select ${OWN_MARK} name, to_regtype(name)::text as type from unnest($1::text[]) name`

/** `BEGIN ATOMIC ... END` and `RETURN x` are not statements of their own. */
function bodyOf({ body }: CatalogFunction): string {
  const atomic = /^\s*BEGIN ATOMIC\b(.*)\bEND\s*$/is.exec(body)?.[1]
  return atomic ?? body.replace(/^\s*RETURN\b/i, 'select')
}

async function textOf(text: string, of: string): Promise<Reading[]> {
  try {
    return await readStatements(text)
  } catch (cause) {
    const why = cause instanceof EsaError ? cause.message : String(cause)
    throw new EsaError('sql.not-a-read', 'terminal', `${of} is not run here: ${why}`, {
      cause,
      details: { of },
    })
  }
}
