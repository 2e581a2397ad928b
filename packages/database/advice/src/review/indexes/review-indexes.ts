import { formatDuration } from '@esa/protocol'
import {
  type Finding,
  quoteIdentifier,
  quoteRelation,
  type Queryable,
  inReadOnly,
} from '@esa/database-catalog/sql'
import { bloatedIndexes } from './bloat.ts'
import {
  type CatalogIndex,
  catalogIndexes,
  reviewSurroundings,
  type ReviewSurroundings,
} from './index-catalog.ts'
import { isReliedOn, redundantIndexes } from './redundant-indexes.ts'

/** What is wrong with an index. `ddl` mends it without blocking writes, where PostgreSQL can. */
export interface IndexFinding extends Finding {
  kind: 'duplicate' | 'overlapping' | 'unused' | 'invalid' | 'bloated'
  /** `schema.index`. */
  index: string
  because: string
  ddl: string
}

/** The whole review; `notJudged` says what is unknown, and why. */
export interface IndexReview {
  findings: IndexFinding[]
  notJudged: string[]
}

/** Cut-off of one query of the review: pgstatindex reads whole indexes. */
const TIMEOUT_MS = 60_000

/** What is smaller costs nothing, and is passed over by plans for that reason, bytes. */
const UNUSED_BYTES_MIN = 64 * 1_024

function dropSql({ schema, name, table, constraintName, partitioned }: CatalogIndex): string {
  if (constraintName !== null) {
    const relation = quoteRelation(schema, table.slice(schema.length + 1))
    return `ALTER TABLE ${relation} DROP CONSTRAINT ${quoteIdentifier(constraintName)}`
  }
  // The index of a partitioned table cannot be dropped concurrently.
  return `DROP INDEX ${partitioned ? '' : 'CONCURRENTLY '}${quoteRelation(schema, name)}`
}

function finding(
  kind: IndexFinding['kind'],
  index: CatalogIndex,
  about: { because: string; ddl: string; severity?: Finding['severity']; evidence?: Finding['evidence'] },
): IndexFinding {
  const { because, ddl, severity = 'warning', evidence = {} } = about
  return {
    kind,
    severity,
    relation: index.table,
    index: `${index.schema}.${index.name}`,
    message: `${index.schema}.${index.name}: ${because}`,
    because,
    ddl,
    fix: ddl,
    evidence: { sizeBytes: index.sizeBytes, scans: index.scans, ...evidence },
  }
}

function redundant(indexes: CatalogIndex[]): IndexFinding[] {
  return redundantIndexes(indexes).map(({ kind, index, by }) =>
    finding(kind, index, {
      because:
        kind === 'duplicate'
          ? `${by.name} is the same index`
          : `${by.name} begins with the same columns and serves whatever this one serves`,
      ddl: dropSql(index),
      evidence: { by: `${by.schema}.${by.name}` },
    }),
  )
}

function invalid(indexes: CatalogIndex[], building: readonly number[]): IndexFinding[] {
  // A parent is invalid until each partition has its part: that is not a failed build.
  const failed = indexes.filter(
    ({ valid, live, partitioned, oid }) => !valid && live && !partitioned && !building.includes(oid),
  )
  return failed.map((index) => {
    const leftOver = /_cc(?:new|old)\d*$/.test(index.name)
    return finding('invalid', index, {
      severity: 'error',
      because: leftOver
        ? 'a REINDEX CONCURRENTLY that failed left it behind; it costs every write and serves no query'
        : 'a build that failed left it INVALID: it costs every write and serves no query',
      ddl: leftOver
        ? dropSql(index)
        : `REINDEX INDEX CONCURRENTLY ${quoteRelation(index.schema, index.name)}`,
    })
  })
}

/** An index that only finds rows, that a plan could have chosen, and that nothing else relies on. */
function couldBeUnused(index: CatalogIndex): boolean {
  const { scans, unique, valid, tableReads, supportsForeignKey, constraintType, sizeBytes } = index
  const free = !unique && constraintType === null && !isReliedOn(index) && !supportsForeignKey
  return free && valid && scans === 0 && tableReads > 0 && sizeBytes >= UNUSED_BYTES_MIN
}

function unused(indexes: CatalogIndex[], { countedMs, replicas }: ReviewSurroundings): IndexFinding[] {
  const since = formatDuration(Math.round(countedMs))
  const elsewhere =
    replicas === 0
      ? 'no replica streams from here'
      : `${replicas} replicas count their own scans: look there before it goes`
  return indexes.filter(couldBeUnused).map((index) =>
    finding('unused', index, {
      severity: 'info',
      because: `not scanned once in ${since} (${elsewhere}; when it was built is not known to the server)`,
      ddl: dropSql(index),
      evidence: { countedMs: Math.round(countedMs), replicas, tableReads: index.tableReads },
    }),
  )
}

/**
 * Duplicate, overlapping, unused, invalid and bloated indexes of a database. An index that a constraint, a foreign key,
 * replication or a partitioned index relies on is never one to drop; `unused` is said only when scans were counted for
 * `unusedAfterMs`.
 * @throws EsaError `database.*`.
 */
export async function reviewIndexes(queryable: Queryable, unusedAfterMs: number): Promise<IndexReview> {
  return inReadOnly(queryable, TIMEOUT_MS, async (session) => {
    const around = await reviewSurroundings(session)
    const indexes = await catalogIndexes(session)
    const { countedMs, building, inRecovery, statTuple } = around
    const notJudged: string[] = []
    const failed = building === null ? [] : invalid(indexes, building)
    if (building === null)
      notJudged.push('invalid: this role does not see what others are building (grant pg_read_all_stats)')
    const old = countedMs >= unusedAfterMs && !inRecovery
    if (inRecovery) notJudged.push('unused: this is a replica, which counts only its own scans')
    else if (!old)
      notJudged.push(
        `unused: scans have been counted for ${formatDuration(Math.round(countedMs))}, ${formatDuration(unusedAfterMs)} are needed`,
      )
    const { found: bloated, unmeasured } = await bloatedIndexes(session, indexes, statTuple)
    for (const { index, why } of unmeasured)
      notJudged.push(`bloated: ${index.schema}.${index.name} could not be measured: ${why.message}`)
    if (statTuple === null)
      notJudged.push('bloated: estimated only, CREATE EXTENSION pgstattuple measures it')
    const redundants = redundant(indexes)
    const named = new Set(redundants.map(({ index }) => index))
    return {
      findings: [
        ...failed,
        ...redundants,
        ...(old ? unused(indexes, around).filter(({ index }) => !named.has(index)) : []),
        ...bloated.map(({ index, wastedBytes, measured, evidence }) =>
          finding('bloated', index, {
            because: `${Math.round(evidence.wastedPart * 100)} % of it is air${measured ? '' : ' (an estimate)'}: ${Math.round(wastedBytes / 1_048_576)} MB`,
            ddl: `REINDEX INDEX CONCURRENTLY ${quoteRelation(index.schema, index.name)}`,
            evidence: { ...evidence, method: measured ? 'pgstatindex' : 'estimate' },
          }),
        ),
      ],
      notJudged,
    }
  })
}
