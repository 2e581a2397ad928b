import { type Queryable, parseScript } from '@esa/database-catalog/sql'
import { inverseOf } from './inverse.ts'
import { nothingMade, opaqueReasons } from '../opaque/opaque.ts'

/** A statement that is to be approved, whether it may lose data, and the way back that was written for it, or null. */
interface Approvable {
  sql: string
  destructive: boolean
  rollback: string | null
}

/** What is known of a statement before it runs on a target. */
interface KnownBefore {
  /** What undoes it; false: nothing brings back what it takes; null: unknown, or there is nothing to undo. */
  rollback: string | false | null
  /** What it calls that is not known to be harmless. */
  calls: string[]
}

/** What is known of each of these, which run one after another, as they stand on a target before the first does. Changes nothing. */
export async function knownBefore(
  session: Queryable,
  statements: readonly Approvable[],
): Promise<KnownBefore[]> {
  const made = nothingMade()
  const known: KnownBefore[] = []
  for (const [n, { sql, destructive, rollback }] of statements.entries()) {
    const earlier = statements.slice(0, n).map((one) => one.sql)
    const back = rollback ?? (await inverseOf(session, sql, earlier)) ?? (destructive ? false : null)
    const { reasons: calls } = await opaqueReasons(session, await parseScript(sql), made)
    known.push({ rollback: back === '' ? null : back, calls })
  }
  return known
}
