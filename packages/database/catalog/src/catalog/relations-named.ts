import type { Queryable } from '../sql/queryable.ts'
import { OWN_MARK } from '../sql/read-only.ts'

const NAMED = `select ${OWN_MARK} name, pg_catalog.to_regclass(name)::pg_catalog.oid as oid
  from pg_catalog.unnest($1::pg_catalog.text[]) as name`

/**
 * The object ids of relations by their names, quoted where they have to be. A name without a schema is looked up on the
 * path that the session has: for what a statement of others names, call it `onTargetPath`. Unknown names are left out.
 */
export async function relationsNamed(
  session: Queryable,
  names: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await session.query(NAMED, [[...new Set(names)]])
  return new Map(
    rows.flatMap(({ name, oid }) => (oid === null ? [] : [[String(name), Number(oid)] as const])),
  )
}
