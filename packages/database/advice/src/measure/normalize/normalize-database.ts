import {
  type Clock,
  systemClock,
  type Finding,
  postgresError,
  type Queryable,
  inReadOnly,
} from '@esa/database-catalog/sql'
import { applicationTables, type Table } from '@esa/database-catalog'
import { normalizeTable, type TableFacts } from './normalize-table.ts'
import {
  findPresent,
  type NamedViolation,
  type Proof,
  type Proposal,
  proveLossless,
  splitDdl,
  splitTables,
  type SplitTable,
  violationFinding,
} from './propose-split.ts'

/** Cells of a table (rows x columns) that are read; above, blocks are sampled. 4 bytes each, and their texts once. */
const CELLS_MAX = 5_000_000
/** Longest statement, ms: proving a split joins a whole table with itself. */
const STATEMENT_MS = 60_000
/** All of it, ms, by default. */
const BUDGET_MS = 10 * 60_000
/** A search lets others run this often, ms: a worker must renew its locks. */
const BREATH_MS = 20

/** How a database is looked at; what is not given is as for a person who waits. */
export interface NormalizeOptions {
  budgetMs?: number
  cellsMax?: number
  /** Splits are proposed and proven; a metric needs none. */
  propose?: boolean
  onTable?: (done: number, total: number) => void
  clock?: Clock
}

/** One table; score and rest are null where `why` says why nothing could be learnt. */
export interface TableNormalization extends Partial<Omit<TableFacts, 'violations'>> {
  relation: string
  score: number | null
  violations: NamedViolation[]
  proposal?: Proposal
  why?: string
}

/** A database: `score` is null when no table had facts to judge. */
export interface Normalization {
  score: number | null
  tables: TableNormalization[]
  findings: Finding[]
  /** Rows looked at, tables that could be judged, and how long the look took, ms. */
  rows: number
  judged: number
  /** Of these, sampled tables: another run may give another score. */
  sampled: number
  elapsedMs: number
}

/**
 * How far the rows of a database state each fact once. Score of a table: of its facts (columns outside the key that vary
 * and are not computed), the share that violates nothing, in percent; a fact in violation counts by the share of its
 * cells that repeat no other. Score of the database: the same over all facts of all tables. Reading only, a table at a
 * time. @throws EsaError `database.*` when the catalog cannot be read; a table that cannot be is a finding.
 */
export async function normalizeDatabase(
  queryable: Queryable,
  options: NormalizeOptions = {},
): Promise<Normalization> {
  const { clock = systemClock, budgetMs = BUDGET_MS, onTable } = options
  const began = clock.now()
  const catalog = await inReadOnly(queryable, STATEMENT_MS, applicationTables)
  // A partition is rows of its table; looking at both would count them twice. The largest come first: they weigh most
  // where the time is not enough for all.
  const own = catalog.filter(({ partition }) => !partition).toSorted((a, b) => b.bytes - a.bytes)
  const tables: TableNormalization[] = []
  for (const [done, table] of own.entries()) {
    onTable?.(done, own.length)
    tables.push(
      await normalizeOne(queryable, table, catalog, { ...options, clock, deadline: began + budgetMs }),
    )
  }
  const judged = tables.filter(({ score }) => score !== null)
  const facts = judged.reduce((sum, table) => sum + (table.facts ?? 0), 0)
  const lost = judged.reduce((sum, table) => sum + (table.lost ?? 0), 0)
  return {
    score: facts === 0 ? null : percent(facts, lost),
    tables,
    findings: tables.flatMap((table, at) => findingsOf(own[at]!, table)),
    rows: judged.reduce((sum, { rows = 0 }) => sum + rows, 0),
    judged: judged.length,
    sampled: judged.filter((table) => table.sampled === true).length,
    elapsedMs: Math.round(clock.now() - began),
  }
}

type TableOptions = NormalizeOptions & { clock: Clock; deadline: number }

async function normalizeOne(
  queryable: Queryable,
  table: Table,
  catalog: readonly Table[],
  options: TableOptions,
): Promise<TableNormalization> {
  const { relation } = table
  const nothing = { relation, score: null, violations: [] }
  if (!table.readable) return { ...nothing, why: 'no right to read it: GRANT SELECT to the role' }
  if (options.clock.now() >= options.deadline) return { ...nothing, why: 'the time was up before it' }
  const look = { cellsMax: options.cellsMax ?? CELLS_MAX, goOn: breathing(options) }
  try {
    const facts = await inReadOnly(queryable, STATEMENT_MS, (session) => normalizeTable(session, table, look))
    if (facts.facts === 0) {
      return { ...nothing, ...facts, why: facts.rows < 2 ? 'too few rows to learn from' : 'all of it is key' }
    }
    const score = percent(facts.facts, facts.lost)
    if (options.propose === false || facts.violations.length === 0) return { relation, score, ...facts }
    return { relation, score, ...facts, ...(await propose(queryable, table, facts.violations, catalog)) }
  } catch (error) {
    const { code, message } = postgresError(error)
    // A server that is away is away for every table.
    if (code === 'database.unreachable') throw error
    return { ...nothing, why: `${message} (${code})` }
  }
}

/** A split that comes back as it was; where all together does not, those that do one by one. */
async function propose(
  queryable: Queryable,
  table: Table,
  violations: readonly NamedViolation[],
  catalog: readonly Table[],
): Promise<{ proposal?: Proposal }> {
  const wanted = splitTables(table, violations, catalog)
  // What is not known to be there already is brought there, which is right too.
  const split = await inReadOnly(queryable, STATEMENT_MS, (session) =>
    findPresent(session, table, wanted, catalog),
  ).catch(() => wanted)
  const proof = await prove(queryable, table, split)
  if (proof.proven !== false) return { proposal: toProposal(table, split, proof) }
  const good: SplitTable[] = []
  for (const one of split) if ((await prove(queryable, table, [one])).proven) good.push(one)
  if (good.length === 0) return {}
  const again = await prove(queryable, table, good)
  return again.proven ? { proposal: toProposal(table, good, again) } : {}
}

async function prove(queryable: Queryable, table: Table, split: SplitTable[]): Promise<Proof> {
  const unknown = { proven: null, rows: null, rejoined: null, missing: null }
  if (table.filtered) return { ...unknown, why: 'not proven: row-level security hides rows from the role' }
  try {
    return await inReadOnly(queryable, STATEMENT_MS, (session) => proveLossless(session, table, split))
  } catch (error) {
    const { code, message } = postgresError(error)
    return { ...unknown, why: `not proven: ${message} (${code})` }
  }
}

function toProposal(table: Table, tables: SplitTable[], lossless: Proof): Proposal {
  const moved = new Set(tables.flatMap(({ columns }) => columns))
  const remaining = table.columns.map(({ name }) => name).filter((name) => !moved.has(name))
  const extract = tables
    .filter(({ existingKey }) => existingKey === undefined)
    .map(({ relation: into, key: determinant, columns: dependents }) => ({
      relation: table.relation,
      determinant,
      dependents,
      into,
    }))
  return { tables, remaining, ddl: splitDdl(table, tables), lossless, extract }
}

function percent(facts: number, lost: number): number {
  return Math.round(10_000 * (1 - lost / facts)) / 100
}

/** Lets others run now and then, and says whether there is time left. */
function breathing({ clock, deadline }: TableOptions): () => Promise<boolean> {
  let last = clock.now()
  return async () => {
    const now = clock.now()
    if (now - last > BREATH_MS) {
      await clock.pause(0)
      last = clock.now()
    }
    return now < deadline
  }
}

function findingsOf(table: Table, found: TableNormalization): Finding[] {
  const { relation } = table
  if (found.why !== undefined && found.facts === undefined) {
    const kind = table.readable ? 'not-looked-at' : 'no-right'
    return [{ kind, severity: 'info', relation, message: found.why, evidence: {} }]
  }
  const violations = found.violations.map((violation) =>
    violationFinding(table, violation, found.rows ?? 0, found.proposal),
  )
  const computedIn =
    found.sampled === true
      ? `each of the ${found.rows} rows of ${found.total} that were looked at`
      : 'every row'
  const derived = (found.derived ?? []).map(({ column, formula }): Finding => ({
    kind: 'derived-column',
    severity: 'info',
    relation,
    message: `${column} is computed from other columns in ${computedIn}; it is not a fact of its own, and not part of the score`,
    evidence: { column, formula, rows: found.rows ?? 0 },
    // A row that was not looked at may hold something else, which a generated column would overwrite.
    ...(found.sampled === true
      ? {}
      : { fix: `a generated column keeps it right: ${column} GENERATED ALWAYS AS (${formula}) STORED` }),
  }))
  const minor = (found.minor ?? []).map(({ determinant, dependents, redundantCells }): Finding => ({
    kind: 'two-kinds',
    severity: 'info',
    relation,
    message: `${dependents.join(', ')} only sorts ${determinant.join(', ')} into two kinds; this is not part of the score`,
    evidence: { determinant, dependents, redundantCells },
  }))
  return [...violations, ...derived, ...minor]
}
