import { EsaError } from '@esa/protocol'
import { quoteIdentifier, postgresError, type Queryable, OWN_MARK } from '@esa/database-catalog/sql'
import type { CatalogIndex } from './index-catalog.ts'

/** How full of air an index is. */
interface Bloat {
  index: CatalogIndex
  wastedBytes: number
  /** Measured by pgstattuple; else an estimate from statistics. */
  measured: boolean
  evidence: { sizeBytes: number; wastedPart: number; leafDensityPercent?: number; expectedBytes?: number }
}

/** Part of an index that must be air, and how much of it, before a rebuild is worth the I/O. */
const WASTED_PART_MIN = 0.4
const WASTED_BYTES_MIN = 5 * 1_024 * 1_024

/** An estimate must find more than a measurement: widths and alignment are averages. */
const ESTIMATED_PART_MIN = 0.6

/** Most that is read to measure, bytes in all: pgstatindex reads the whole index. */
const MEASURED_BYTES_MAX = 2 * 1_024 ** 3

const PAGE_BYTES = 8_192
/** Header of a page and the special space of a B-tree. */
const PAGE_OVERHEAD_BYTES = 40
/** Header of an index entry and its line pointer. */
const ENTRY_OVERHEAD_BYTES = 12
const ALIGNMENT_BYTES = 8

function expectedBytes({ rows, keyBytes, fillfactor }: CatalogIndex): number | null {
  if (keyBytes === null || rows <= 0) return null
  const entry = Math.ceil(keyBytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES + ENTRY_OVERHEAD_BYTES
  const usable = ((PAGE_BYTES - PAGE_OVERHEAD_BYTES) * fillfactor) / 100
  return Math.ceil((rows * entry) / usable) * PAGE_BYTES
}

async function measured(session: Queryable, schema: string, index: CatalogIndex): Promise<Bloat | undefined> {
  const { rows } = await session.query(
    `select ${OWN_MARK} avg_leaf_density as density from ${quoteIdentifier(schema)}.pgstatindex($1::regclass)`,
    [index.oid],
  )
  const density = Number(rows[0]?.['density'])
  if (!Number.isFinite(density)) return undefined
  const wastedPart = Math.max(0, 1 - density / index.fillfactor)
  const wastedBytes = Math.round(index.sizeBytes * wastedPart)
  const evidence = {
    sizeBytes: index.sizeBytes,
    wastedPart: Number(wastedPart.toFixed(3)),
    leafDensityPercent: density,
  }
  return wastedPart >= WASTED_PART_MIN && wastedBytes >= WASTED_BYTES_MIN
    ? { index, wastedBytes, measured: true, evidence }
    : undefined
}

function estimated(index: CatalogIndex): Bloat | undefined {
  const expected = expectedBytes(index)
  if (expected === null) return undefined
  const wastedBytes = Math.max(0, index.sizeBytes - expected)
  const wastedPart = wastedBytes / index.sizeBytes
  const evidence = {
    sizeBytes: index.sizeBytes,
    wastedPart: Number(wastedPart.toFixed(3)),
    expectedBytes: expected,
  }
  return wastedPart >= ESTIMATED_PART_MIN && wastedBytes >= WASTED_BYTES_MIN
    ? { index, wastedBytes, measured: false, evidence }
    : undefined
}

/** What a look at bloat found; `unmeasured` lists indexes without a result, and why. */
interface BloatLook {
  found: Bloat[]
  unmeasured: { index: CatalogIndex; why: EsaError }[]
}

/** One that cannot be measured (it is dropped meanwhile, its rights are taken) spoils nothing else. */
async function measuredApart(
  session: Queryable,
  schema: string,
  index: CatalogIndex,
): Promise<Bloat | EsaError | undefined> {
  await session.query('SAVEPOINT measuring')
  try {
    return await measured(session, schema, index)
  } catch (thrown) {
    const error = postgresError(thrown)
    if (error.code === 'database.unreachable' || error.kind === 'bug') throw error
    await session.query('ROLLBACK TO SAVEPOINT measuring')
    return error
  } finally {
    await session.query('RELEASE SAVEPOINT measuring')
  }
}

/** B-tree indexes that are mostly air; measured where pgstattuple is in `schema`, up to a bound of what is read. */
export async function bloatedIndexes(
  session: Queryable,
  indexes: readonly CatalogIndex[],
  schema: string | null,
): Promise<BloatLook> {
  const look: BloatLook = { found: [], unmeasured: [] }
  let left = schema === null ? 0 : MEASURED_BYTES_MAX
  // The index of a partitioned table has no pages: its parts are looked at, each by itself.
  const large = indexes.filter(
    (one) => one.method === 'btree' && one.valid && !one.partitioned && one.sizeBytes >= WASTED_BYTES_MIN,
  )
  for (const index of large.toSorted((a, b) => b.sizeBytes - a.sizeBytes)) {
    const measurable = schema !== null && index.sizeBytes <= left
    if (measurable) left -= index.sizeBytes
    const bloat = measurable ? await measuredApart(session, schema, index) : estimated(index)
    if (bloat instanceof EsaError) {
      look.unmeasured.push({ index, why: bloat })
      // What takes too long once is not tried with each of the others.
      if (bloat.code === 'database.timeout') left = 0
    } else if (bloat) look.found.push(bloat)
  }
  return look
}
