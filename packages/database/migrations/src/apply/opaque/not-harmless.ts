import { functionsNamed, judgeFunction, type CalledName } from '@esa/database-catalog/guard'
import type { Queryable } from '@esa/database-catalog/sql'

/** A number that a sequence has given is not data that can be lost. */
const ALLOWED = new Set(['nextval'])

/**
 * Of functions that are called by name, those that are not known to be harmless: a user's own, volatile, or nowhere on
 * the target. Names without a schema are looked up in `schemas`. For what the server does not resolve; `resolved-calls.ts` judges the rest.
 */
export async function notHarmless(
  session: Queryable,
  functions: CalledName[],
  schemas: readonly string[],
): Promise<string[]> {
  if (functions.length === 0) return []
  const called = await functionsNamed(session, functions, schemas)
  const harmful = called.filter((one) => {
    const verdict = judgeFunction(one)
    const follows = one.builtIn && verdict === 'follow'
    return verdict !== 'harmless' && !follows && !(one.builtIn && ALLOWED.has(one.name))
  })
  const found = new Set(called.map(({ name }) => name))
  const unknown = functions.filter(({ name }) => !found.has(name))
  return [...new Set([...harmful, ...unknown].map(({ name }) => name))]
}
