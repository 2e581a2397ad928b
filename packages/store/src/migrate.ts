import { fileURLToPath } from 'node:url'
import { connectPool, mapPgError } from '@esa/pg-server'
import { EsaError } from '@esa/protocol'
import type { Pool } from 'pg'
import journal from '../migrations/meta/_journal.json' with { type: 'json' }

/** Drizzle's own table of applied migrations, beside our schema so that it meets no project's own. */
const MIGRATIONS_SCHEMA = 'esa_migrations'
const MIGRATIONS_TABLE = 'applied'

/** Any number will do, as long as it is ours: two migrating processes take turns. */
const MIGRATION_LOCK = 7_361_105

/** How a database's schema stands to this version of the runtime. */
export type SchemaState = 'absent' | 'older' | 'current' | 'newer'

/** Compares the database's newest migration with the newest one here. @throws EsaError `database.*`. */
export async function schemaState(url: string): Promise<SchemaState> {
  return withPool(url, async (pool) => {
    const { rows } = await pool.query<{ known: boolean }>(`select to_regclass($1) is not null as known`, [
      `${MIGRATIONS_SCHEMA}.${MIGRATIONS_TABLE}`,
    ])
    if (!rows[0]!.known) return 'absent'
    const applied = await pool.query<{ newest: number | null }>(
      `select max(created_at)::bigint as newest from ${MIGRATIONS_SCHEMA}.${MIGRATIONS_TABLE}`,
    )
    const newest = applied.rows[0]!.newest
    if (newest === null) return 'absent'
    const ours = journal.entries.at(-1)!.when
    return newest === ours ? 'current' : newest < ours ? 'older' : 'newer'
  })
}

/**
 * Brings the schema up to this version, under a lock, and gives the runtime its id. Running it twice changes nothing.
 * @throws EsaError `store.schema-newer` (terminal) when a newer version has been here.
 */
export async function migrate(url: string): Promise<void> {
  if ((await schemaState(url)) === 'newer') throw schemaNewer()
  const [{ drizzle }, { migrate: apply }] = await Promise.all([
    import('drizzle-orm/node-postgres'),
    import('drizzle-orm/node-postgres/migrator'),
  ])
  await withPool(url, async (pool) => {
    const client = await pool.connect()
    try {
      await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
      await apply(drizzle({ client }), {
        migrationsFolder: fileURLToPath(new URL('../migrations', import.meta.url)),
        migrationsSchema: MIGRATIONS_SCHEMA,
        migrationsTable: MIGRATIONS_TABLE,
      })
      await client.query(
        `insert into esa.runtime (id, created_at)
         values (gen_random_uuid()::text, floor(extract(epoch from clock_timestamp()) * 1000)) on conflict do nothing`,
      )
      await client.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK])
    } finally {
      client.release(true)
    }
  })
}

/** Refuses a database whose schema is not this version's. @throws EsaError `store.schema-absent|older|newer` (terminal). */
export function assertCurrent(state: SchemaState): void {
  if (state === 'newer') throw schemaNewer()
  if (state !== 'current') {
    throw new EsaError(
      `store.schema-${state}`,
      'terminal',
      `the schema of the runtime's database is ${state}`,
      { hint: 'run: esa migrate' },
    )
  }
}

function schemaNewer(): EsaError {
  const message = "the runtime's database was migrated by a newer version of esa"
  return new EsaError('store.schema-newer', 'terminal', message, {
    hint: 'update this checkout, or point DATABASE_URL elsewhere',
  })
}

async function withPool<T>(url: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = await connectPool(url, { max: 1, applicationName: 'esa migrate' })
  try {
    return await work(pool)
  } catch (error) {
    throw mapPgError(error)
  } finally {
    await pool.end()
  }
}
