import { sqlState, type Queryable } from '@esa/database-catalog/sql'
import { type Candidate, createSql, type IndexMethod } from './candidate.ts'

/** Access methods that HypoPG can pretend. */
const PRETENDED = new Set<IndexMethod>(['btree', 'hash', 'brin'])

/** Names of the indexes that plans of these statements take as things stand. */
export type PlannedIndexes = (statements: readonly string[]) => Promise<ReadonlySet<string>>

async function installed(session: Queryable): Promise<boolean> {
  const { rows } = await session.query(`select from pg_available_extensions where name = 'hypopg'`)
  if (rows.length === 0) return false
  try {
    await session.query('CREATE EXTENSION IF NOT EXISTS hypopg')
    return true
  } catch (error) {
    // This role may not create it: then everything is built.
    if (sqlState(error) === undefined) throw error
    return false
  }
}

/** Pretends an index; undefined when HypoPG cannot pretend this one, which is then built. */
async function pretend(session: Queryable, candidate: Candidate): Promise<string | undefined> {
  if (!PRETENDED.has(candidate.method) || candidate.table.kind === 'p') return undefined
  try {
    const { rows } = await session.query('select indexname from hypopg_create_index($1)', [
      createSql(candidate, 'plainly'),
    ])
    return String(rows[0]?.['indexname'])
  } catch (error) {
    if (sqlState(error) === undefined) throw error
    return undefined
  }
}

/**
 * The candidates that no plan would take, by HypoPG where the server of the copy has it: neither alone nor beside all
 * others. They need not be built. None where HypoPG is missing, and none of a kind that it does not know.
 */
export async function neverPlanned(
  session: Queryable,
  candidates: readonly Candidate[],
  planned: PlannedIndexes,
): Promise<Set<Candidate>> {
  const refused = new Set<Candidate>()
  if (candidates.length === 0 || !(await installed(session))) return refused
  const reset = (): Promise<unknown> => session.query('select hypopg_reset()')
  try {
    const names = new Map<Candidate, string>()
    for (const candidate of candidates) {
      const name = await pretend(session, candidate)
      if (name !== undefined) names.set(candidate, name)
    }
    const beside = await planned([...new Set(candidates.flatMap(({ statements }) => statements))])
    for (const [candidate, name] of names) {
      if (beside.has(name)) continue
      await reset()
      const own = await pretend(session, candidate)
      const alone = await planned(candidate.statements)
      if (own !== undefined && !alone.has(own)) refused.add(candidate)
    }
    return refused
  } finally {
    await reset()
  }
}
