import { EsaError } from '@esa/protocol'
import { readStatement, inJudged, ON_COPY } from '@esa/database-catalog/guard'
import { quoteRelation, postgresError, type Queryable } from '@esa/database-catalog/sql'
import { relationsNamed } from '@esa/database-catalog'
import { asReading, type ReadingForm } from './statements/as-reading.ts'
import type { TimedStatement } from './bench.ts'
import { bindParameters } from './statements/bind-parameters.ts'
import { type NamedRelations, readShape, tableNames } from './statements/read-shape.ts'
import type { TableUse } from './statements/statement-shape.ts'
import { readViews } from './statements/read-views.ts'
import { readTables, type TableFacts } from './statements/table-catalog.ts'
import { withExamplesOpen } from './statements/value-variants.ts'

/** The cut-off of the guard's questions to the catalog, ms. */
const CATALOG_TIMEOUT_MS = 10_000

/** A workload that is ready to be timed on the copy. */
export interface PreparedWorkload {
  statements: TimedStatement[]
  uses: TableUse[]
  /** Statements that cannot be timed, and why. */
  skipped: { id: string; sql: string; why: string }[]
  /** What was changed in a statement, or assumed about it, so that it could be timed. */
  notes: { id: string; note: string }[]
}

const BOUND = 'run with values of the copy’s own rows in place of its parameters'

/** A statement's texts after binding, each judged: they are run with all the rights that the copy gives. */
async function readyTexts(copy: Queryable, forms: readonly ReadingForm[]): Promise<string[]> {
  const texts = (await Promise.all(forms.map(({ sql, node }) => bindParameters(copy, sql, node)))).flat()
  const readings = await Promise.all(texts.map(readStatement))
  await inJudged(copy, { timeoutMs: CATALOG_TIMEOUT_MS, terms: ON_COPY }, async (session) => {
    for (const reading of readings) await session.judge(reading)
  })
  return readings.map(({ text }) => text)
}

async function readingForms({ texts }: TimedStatement): Promise<ReadingForm[]> {
  const forms = await Promise.all(texts.map(asReading))
  const known = forms.filter((form) => form !== undefined)
  if (known.length > 0) return known
  throw new EsaError('workload.searches-nothing', 'terminal', 'it searches no rows, so no index helps it')
}

/**
 * What a statement asks, by its first form with parameters where it has any. A constant that is not in all of its forms is
 * an example: no index may be tied to it.
 */
function usesOf(
  id: string,
  [first, ...others]: readonly ReadingForm[],
  relations: NamedRelations,
): TableUse[] {
  const shapeOf = ({ node }: ReadingForm): TableUse[] => readShape(id, node, relations)
  const everywhere = others.map((form) => new Set(shapeOf(form).flatMap(conditions)))
  const uses = first ? shapeOf(first) : []
  for (const predicate of uses.flatMap(({ predicates, alternatives }) => [...predicates, ...alternatives])) {
    const fixed = everywhere.every((known) => predicate.sql !== undefined && known.has(predicate.sql))
    if (!fixed) delete predicate.sql
  }
  return uses
}

const conditions = ({ predicates }: TableUse): string[] => predicates.flatMap(({ sql }) => sql ?? [])

/** Other values for a statement that came with one: the farthest apart of those its columns have. */
async function variantsOf(
  copy: Queryable,
  forms: readonly ReadingForm[],
  tables: ReadonlyMap<string, TableFacts>,
): Promise<{ variants?: string[] }> {
  const [form, ...others] = forms
  if (!form || others.length > 0) return {}
  const own = tableNames(form.node).flatMap((name) => tables.get(name) ?? [])
  const open = withExamplesOpen(form, own)
  if (!open) return {}
  // Without other values the statement is tried with its own alone.
  const texts = await readyTexts(copy, [open]).catch((error: unknown) => {
    if (postgresError(error).code === 'database.unreachable') throw error
    return []
  })
  return { variants: [...new Set([...texts.slice(0, 1), ...texts.slice(-1)])] }
}

/** Index-only scans need the visibility map, and a copy has none before its first VACUUM. */
async function refreshStatistics(copy: Queryable, names: readonly string[]): Promise<void> {
  for (const { schema, name, kind } of (await readTables(copy, await relationsNamed(copy, names))).values()) {
    await copy.query(`${kind === 'p' ? 'ANALYZE' : 'VACUUM (ANALYZE)'} ${quoteRelation(schema, name)}`)
  }
}

/**
 * Makes every statement of a workload one that only reads, with values for its parameters, and says what each asks of
 * which table. A statement that cannot be made so is skipped with the reason; the copy's statistics are refreshed.
 * @throws EsaError `database.*`.
 */
export async function prepareStatements(
  copy: Queryable,
  workload: readonly TimedStatement[],
): Promise<PreparedWorkload> {
  const prepared: PreparedWorkload = { statements: [], uses: [], skipped: [], notes: [] }
  const skip = ({ id, texts }: TimedStatement, error: unknown): void => {
    const { code, message } = postgresError(error)
    if (code === 'database.unreachable') throw error
    prepared.skipped.push({ id, sql: texts[0] ?? '', why: message })
  }
  const parsed = new Map<TimedStatement, ReadingForm[]>()
  for (const statement of workload) {
    await readingForms(statement).then(
      (forms) => void parsed.set(statement, forms),
      (error: unknown) => skip(statement, error),
    )
  }
  const named = [...parsed.values()].flatMap(([form]) => (form ? tableNames(form.node) : []))
  const views = await readViews(copy, named)
  const names = [...named, ...[...views.values()].flatMap(tableNames)]
  await refreshStatistics(copy, names)
  const tables = await readTables(copy, await relationsNamed(copy, names))
  for (const [statement, forms] of parsed) {
    const { id } = statement
    try {
      const texts = await readyTexts(copy, forms)
      prepared.statements.push({ ...statement, texts, ...(await variantsOf(copy, forms, tables)) })
      prepared.uses.push(...usesOf(id, forms, { tables, views }))
      if (forms[0]!.note !== undefined) prepared.notes.push({ id, note: forms[0]!.note })
      if (texts[0] !== forms[0]!.sql) prepared.notes.push({ id, note: BOUND })
    } catch (error) {
      skip(statement, error)
    }
  }
  return prepared
}
