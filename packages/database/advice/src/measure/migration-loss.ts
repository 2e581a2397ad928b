import { type Queryable, inReadOnly, OWN_MARK } from '@esa/database-catalog/sql'
import type { Finding } from './metric-reading.ts'

const TIMEOUT_MS = 5_000
const METHOD = 'the record of applied migrations (esa_migrations): counts and checksums before and after'

/** Migrations that ended or lost something, by what is known of their values; what was undone no longer counts. */
const RECORDED = `select ${OWN_MARK} coalesce(verification->>'state', 'unverified') as state, count(*)::int as migrations,
  extract(epoch from min(started_at))::float8 * 1000 as first, string_agg(id, ', ' order by nth) as ids
  from esa_migrations.migration where state = 'done' or verification->>'state' = 'lost' group by 1`

/** States whose values were compared. */
const COMPARED = new Set(['verified', 'lost'])

interface Recorded {
  state: 'verified' | 'counted' | 'lost' | 'unverified'
  migrations: number
  first: number
  ids: string
}

/**
 * How many migrations on record lost rows or values. Only those whose values were compared are samples; the unverified are
 * named, and count neither way. `now` is epoch milliseconds.
 */
export async function migrationLoss(queryable: Queryable, now: number): Promise<Finding> {
  const recorded = await inReadOnly(queryable, TIMEOUT_MS, async (session) => {
    const { rows } = await session.query(
      `select ${OWN_MARK} to_regclass('esa_migrations.migration') is not null as there`,
    )
    return rows[0]?.['there'] === true ? ((await session.query(RECORDED)).rows as unknown as Recorded[]) : []
  })
  const known = recorded.filter(({ state }) => COMPARED.has(state))
  const blind = recorded
    .filter(({ state }) => !COMPARED.has(state))
    .map(({ state, migrations, ids }) => `${migrations} ${state}: ${ids}`)
    .join('; ')
  if (known.length === 0) {
    const why =
      blind === ''
        ? 'no migration is on record; apply them with: esa db migrate apply'
        : `${blind}; verify each before it is applied: esa db migrate verify`
    return { value: null, why: `not measured: ${why}`, method: METHOD }
  }
  return {
    value: recorded.find(({ state }) => state === 'lost')?.migrations ?? 0,
    samples: known.reduce((sum, { migrations }) => sum + migrations, 0),
    window: now - Math.min(...known.map(({ first }) => first)),
    method: blind === '' ? METHOD : `${METHOD}; ${blind}`,
  }
}
