import { type Finding, OWN_MARK } from '@esa/database-catalog/sql'
import { sqlName } from '../schema/fix-text.ts'
import type { Check } from '../schema/look.ts'
import type { Usage, UsageReading } from './sizes.ts'

/** Dead rows that matter: fewer are gone with the next VACUUM, and have no effect. */
const DEAD_MIN = 1_000
const DEAD_SHARE_MIN = 0.2
/** Updates from which on the share of those that stay on their page says something. */
const UPDATES_MIN = 1_000
const HOT_SHARE_MIN = 0.5
/** Transactions left at which PostgreSQL stops taking writes are about 2^31; half of it is time to act. */
const XID_MAX = 2_146_483_647
const XID_ERROR_SHARE = 0.7
/** Rows changed since ANALYZE, by rows: beyond, plans rest on another table. */
const STALE_SHARE = 0.5

/** Dead rows, autovacuum that is off or behind, stale statistics, updates that leave their page, old transactions. */
export const checkVacuum =
  ({ usages }: UsageReading): Check =>
  async ({ tables }, look) => {
    const analysed = new Map(tables.map(({ relation, rows }) => [relation, rows]))
    const perTable = usages.flatMap((usage) => [
      ...dead(usage),
      ...switchedOff(usage),
      ...stale(usage, analysed.get(usage.relation) ?? null),
      ...hot(usage),
    ])
    const ages = await look(null, async (session) => {
      const { rows } = await session.query(
        `select ${OWN_MARK} current_setting('autovacuum_freeze_max_age')::float8 as freeze, current_setting('autovacuum') as autovacuum,
           age(datfrozenxid)::float8 as xid, mxid_age(datminmxid)::float8 as mxid from pg_database where datname = current_database()`,
      )
      const { freeze, autovacuum, xid, mxid } = rows[0] as {
        freeze: number
        autovacuum: string
        xid: number
        mxid: number
      }
      return [...(autovacuum === 'off' ? [autovacuumOff()] : []), ...old(usages, freeze, Math.max(xid, mxid))]
    })
    return [...perTable, ...ages]
  }

function dead({ relation, dead, live, lastVacuumAt }: Usage): Finding[] {
  if (dead < DEAD_MIN || dead < DEAD_SHARE_MIN * (live + dead)) return []
  const share = dead / (live + dead)
  return [
    {
      kind: 'dead-tuples',
      severity: 'warning',
      relation,
      message: `${dead} of ${live + dead} row versions are dead (${Math.round(100 * share)} %); the last VACUUM was ${lastVacuumAt ?? 'never'}`,
      evidence: { dead, live, share, lastVacuumAt },
      fix: `VACUUM (ANALYZE) ${quoted(relation)};\n-- and more often from now on:\nALTER TABLE ${quoted(relation)} SET (autovacuum_vacuum_scale_factor = 0.02);\n-- when they stay: an old transaction, a replication slot or a prepared transaction holds them (pg_stat_activity.backend_xmin)`,
    },
  ]
}

function switchedOff({ relation, options }: Usage): Finding[] {
  if (!options.some((option) => /^autovacuum_enabled=(?:false|off|0|no)$/i.test(option))) return []
  return [
    {
      kind: 'autovacuum-off',
      severity: 'warning',
      relation,
      message: 'autovacuum is switched off for this table: dead rows stay, and its statistics grow old',
      evidence: { options },
      fix: `ALTER TABLE ${quoted(relation)} RESET (autovacuum_enabled);`,
    },
  ]
}

function stale(
  { relation, live, inserted, updated, deleted, changedSinceAnalyze, lastAnalyzeAt }: Usage,
  analysed: number | null,
): Finding[] {
  // A session counts what it wrote a little later: loaded and analysed at once, a table seems to have changed since.
  const sawAll = analysed !== null && Math.abs(analysed - live) <= 0.01 * live
  if (sawAll && changedSinceAnalyze >= inserted + updated + deleted) return []
  if (changedSinceAnalyze < DEAD_MIN || changedSinceAnalyze < STALE_SHARE * live) return []
  return [
    {
      kind: 'stale-statistics',
      severity: 'info',
      relation,
      message: `${changedSinceAnalyze} rows changed since ${lastAnalyzeAt === null ? 'the beginning, and it was never analysed' : `ANALYZE at ${lastAnalyzeAt}`}: plans rest on another table`,
      evidence: { changedSinceAnalyze, live, lastAnalyzeAt },
      fix: `ANALYZE ${quoted(relation)};`,
    },
  ]
}

function hot({ relation, updated, hotUpdated, options }: Usage): Finding[] {
  if (updated < UPDATES_MIN || hotUpdated >= HOT_SHARE_MIN * updated) return []
  const fillfactor = Number(options.find((option) => option.startsWith('fillfactor='))?.split('=')[1] ?? 100)
  return [
    {
      kind: 'low-hot-ratio',
      severity: 'info',
      relation,
      message: `only ${hotUpdated} of ${updated} updates stayed on their page (fillfactor ${fillfactor}): each of the others wrote every index`,
      evidence: { updated, hotUpdated, fillfactor },
      fix:
        fillfactor > 90
          ? `ALTER TABLE ${quoted(relation)} SET (fillfactor = 85); -- for pages written from now on; and drop indexes on columns that change often`
          : 'an index on a column that changes often keeps updates from staying: see which of them is used (esa db indexes review)',
    },
  ]
}

function old(usages: readonly Usage[], freezeMax: number, database: number): Finding[] {
  const tables = usages.flatMap(({ relation, xidAge, mxidAge }): Finding[] => {
    const age = Math.max(xidAge ?? 0, mxidAge ?? 0)
    if (age <= freezeMax) return []
    return [ageFinding(age, freezeMax, relation)]
  })
  return tables.length === 0 && database > freezeMax ? [ageFinding(database, freezeMax)] : tables
}

function ageFinding(age: number, freezeMax: number, relation?: string): Finding {
  const share = age / XID_MAX
  return {
    kind: 'wraparound',
    severity: share >= XID_ERROR_SHARE ? 'error' : 'warning',
    ...(relation === undefined ? {} : { relation }),
    message: `its oldest row is ${age} transactions old, ${Math.round(100 * share)} % of what there are: at the end PostgreSQL takes no more writes`,
    evidence: { age, freezeMax, share },
    fix: `VACUUM (FREEZE, INDEX_CLEANUP OFF)${relation === undefined ? '' : ` ${quoted(relation)}`}; -- and find what holds autovacuum back: old transactions, slots, prepared transactions`,
  }
}

function autovacuumOff(): Finding {
  return {
    kind: 'autovacuum-off',
    severity: 'error',
    message:
      'autovacuum is off for the whole server: dead rows pile up, and transaction numbers will run out',
    evidence: {},
    fix: 'ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf();',
  }
}

function quoted(relation: string): string {
  const [schema, ...name] = relation.split('.')
  return sqlName({ schema: schema!, name: name.join('.') })
}
