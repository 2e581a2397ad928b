import { explainStatement, type PlanEvidence } from '@esa/database-advice/measure'
import { ON_COPY } from '@esa/database-catalog/guard'
import type { Queryable } from '@esa/database-catalog/sql'
import { adviseIndexes, type IndexAdvice } from '@esa/database-advice/advise'
import { isEsaError } from '@esa/protocol'
import type { Config } from '../config.ts'
import { onRehearsal } from './on-rehearsal.ts'

/** A query with its plan before and after, both executed on the copy; `why` says why one is missing. */
interface MeasuredPlan {
  id: string
  before: PlanEvidence | { why: string }
  after: PlanEvidence | { why: string }
}

/** What serves some queries: indexes tried on a copy, and each query's plan without and with them. */
export type MeasuredAdvice = IndexAdvice & { plans: MeasuredPlan[] }

/**
 * Finds what some queries gain from, on a copy of a target with its rows, and explains each query there before and after.
 * @throws EsaError `confirm.copy-rows` (terminal) for a target of another machine, `target.*`, `rehearsal.*`, `database.*`.
 */
export async function adviseFor(
  config: Config,
  environment: NodeJS.ProcessEnv,
  target: string,
  statements: readonly { id: string; weight: number; sql: string }[],
  maxMs: number,
): Promise<MeasuredAdvice> {
  const purpose = { id: 'advise', rows: 'sample' as const }
  return onRehearsal(config, environment, { target }, purpose, async ({ queryable }) => {
    const explain = async ({
      sql,
      id,
    }: {
      sql: string
      id: string
    }): Promise<PlanEvidence | { why: string }> =>
      explainStatement(queryable, sql, { id, terms: ON_COPY }).catch(whyNot)
    const before = []
    for (const statement of statements) before.push(await explain(statement))
    const standing = await indexNames(queryable)
    const texts = statements.map(({ id, weight, sql }) => ({ id, weight, texts: [sql] }))
    const advice = await adviseIndexes(queryable, { statements: texts, maxMs })
    await keepOnly(queryable, standing, advice)
    const plans: MeasuredPlan[] = []
    for (const [nth, statement] of statements.entries()) {
      plans.push({ id: statement.id, before: before[nth]!, after: await explain(statement) })
    }
    return { ...advice, plans }
  })
}

/** The copy has every index that was tried: what is explained has those alone that are recommended. */
async function keepOnly(
  copy: Queryable,
  standing: ReadonlySet<string>,
  { recommendations }: IndexAdvice,
): Promise<void> {
  const tried = [...(await indexNames(copy))].filter((name) => !standing.has(name))
  for (const name of tried) await copy.query(`drop index ${name}`)
  for (const { ddl } of recommendations) await copy.query(ddl)
}

/** Names of indexes, qualified and quoted. */
async function indexNames(copy: Queryable): Promise<ReadonlySet<string>> {
  const { rows } = await copy.query(`select format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'i' and n.nspname not like 'pg\\_%'`)
  return new Set(rows.map(({ name }) => String(name)))
}

function whyNot(error: unknown): { why: string } {
  if (isEsaError(error)) return { why: `${error.code}: ${error.message}` }
  throw error
}
