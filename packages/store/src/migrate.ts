import { fileURLToPath } from 'node:url'
import { EsaError } from '@esa/protocol'
import type { Pool } from 'pg'
import { applyMigrations } from './apply-migrations.ts'
import { grantRuntime } from './runtime-rights.ts'
import { withPool } from './with-pool.ts'
import journal from '../migrations/meta/_journal.json' with { type: 'json' }

/** Drizzle's own table of applied migrations, beside our schema so that it meets no project's own. */
const MIGRATIONS_SCHEMA = 'esa_migrations'
const MIGRATIONS_TABLE = 'applied'
const JOURNAL = `${MIGRATIONS_SCHEMA}.${MIGRATIONS_TABLE}`

/** How a database's schema compares with this version of the runtime. */
export type SchemaState = 'absent' | 'older' | 'current' | 'newer'

/** Compares the database's newest migration with the newest one here. @throws EsaError `database.*`. */
export async function schemaState(url: string): Promise<SchemaState> {
  return withPool(url, 'migrate', async (pool) => {
    const { rows } = await pool.query<{ known: boolean }>(`select to_regclass($1) is not null as known`, [
      JOURNAL,
    ])
    if (!rows[0]!.known) return 'absent'
    const applied = await pool.query<{ newest: number | null }>(
      `select max(created_at)::bigint as newest from ${JOURNAL}`,
    )
    const newest = applied.rows[0]!.newest
    if (newest === null) return 'absent'
    const ours = journal.entries.at(-1)!.when
    return newest === ours ? 'current' : newest < ours ? 'older' : 'newer'
  })
}

/**
 * Brings the schema up to this version and gives the runtime its id, while workers of the version before go on. Running
 * it twice, or twice at once, changes nothing. Who migrates owns the schema; `runtimeRole`, when it is another, is given
 * what a runtime does and no more. @throws EsaError `store.schema-newer` (terminal) when a newer version has
 * been here, `database.locked` (transient) when a lock could not be had for a minute.
 */
export async function migrate(url: string, runtimeRole: string | null = null): Promise<void> {
  if ((await schemaState(url)) === 'newer') throw schemaNewer()
  const { readMigrationFiles } = await import('drizzle-orm/migrator')
  const read = readMigrationFiles({
    migrationsFolder: fileURLToPath(new URL('../migrations', import.meta.url)),
  })
  const files = read.map(({ folderMillis: when, hash, sql: statements }) => ({ when, hash, statements }))
  await withPool(url, 'migrate', async (pool) => {
    await createJournal(pool)
    await applyMigrations(pool, JOURNAL, files)
    await pool.query(
      `insert into esa.runtime (id, created_at)
       values (gen_random_uuid()::text, floor(extract(epoch from clock_timestamp()) * 1000)) on conflict do nothing`,
    )
    if (runtimeRole !== null) await grantRuntime(pool, JOURNAL, runtimeRole)
  })
}

/** Drizzle's own shape of it. IF NOT EXISTS can still collide with another first migration of the same instant. */
async function createJournal(pool: Pool): Promise<void> {
  const create = (): Promise<unknown> =>
    pool.query(`create schema if not exists ${MIGRATIONS_SCHEMA};
      create table if not exists ${JOURNAL} (id serial primary key, hash text not null, created_at bigint)`)
  await create().catch(create)
}

/** Refuses a database whose schema is not this version's. @throws EsaError `store.schema-absent|older|newer` (terminal). */
export function assertCurrent(state: SchemaState): void {
  if (state === 'newer') throw schemaNewer()
  if (state === 'absent')
    throw new EsaError('store.schema-absent', 'terminal', 'this database holds no runtime yet', {
      hint: 'start one there: esa up; or make its tables alone: esa migrate',
    })
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
