import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectPool, createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import { systemClock } from '@esa/database-catalog/sql'
import {
  applyMigration,
  type ApplyPorts,
  rollBackMigrations,
  targetLedger,
} from '@esa/database-migrations/apply'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMigrations } from './migration-files.ts'

const STORE = join(import.meta.dirname, '../../../../store')
const KIT = join(import.meta.dirname, '../../../../../node_modules/.bin/drizzle-kit')

/** Drizzle's own, as the runtime's store has it. */
const load = createRequire(join(STORE, 'package.json'))
const { drizzle } = load('drizzle-orm/node-postgres') as { drizzle: (pool: Pool) => object }
const { migrate } = load('drizzle-orm/node-postgres/migrator') as {
  migrate: (db: object, config: object) => Promise<void>
}

const FILES = [
  'create table users (id int primary key);\n--> statement-breakpoint\ninsert into users values (1);',
  'alter table users add name text;\n--> statement-breakpoint\ncreate index concurrently users_name on users (name);',
  'alter table users add email text;',
]

let home: string
let adminUrl: string
let opened = 0
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-drizzle-row-'))
  await chmod(home, 0o755)
  ;({ adminUrl } = await ensureEmbeddedServer({ home }))
})
afterAll(async () => {
  await stopEmbeddedServer({ home, mode: 'immediate' })
  await rm(home, { recursive: true, force: true })
})

/** A project with these files of migrations; `more` is in its config. */
async function projectOf(files: string[], url: string, more = ''): Promise<{ root: string; out: string }> {
  opened += 1
  const root = join(home, `project_${opened}`)
  const out = join(root, 'drizzle')
  await mkdir(join(out, 'meta'), { recursive: true })
  await symlink(join(STORE, 'node_modules'), join(root, 'node_modules'))
  await writeFile(
    join(root, 'drizzle.config.ts'),
    `export default { dialect: 'postgresql', out: './drizzle', dbCredentials: { url: '${url}' }${more} }`,
  )
  await write(out, files)
  return { root, out }
}

async function write(out: string, files: string[]): Promise<void> {
  const entries = files.map((_, idx) => ({
    idx,
    version: '7',
    when: 1_700_000_000_000 + idx,
    tag: `000${idx}_step`,
    breakpoints: true,
  }))
  await writeFile(
    join(out, 'meta/_journal.json'),
    JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
  )
  for (const [idx, sql] of files.entries()) await writeFile(join(out, `000${idx}_step.sql`), sql)
}

async function database(): Promise<{ url: string; pool: Pool }> {
  opened += 1
  const url = await createDatabase(adminUrl, `drizzled_${opened}`)
  return { url, pool: await connectPool(url, { max: 4 }) }
}

function ports(target: Pool): ApplyPorts {
  const allow = async (): Promise<void> => {}
  const ledger = targetLedger
  return {
    target,
    ledger,
    by: 'ada',
    authorise: allow,
    requireApprovals: allow,
    clock: systemClock,
    random: () => 0,
  }
}

async function apply(out: string, pool: Pool): Promise<string[]> {
  const applied: string[] = []
  for (const migration of await readMigrations(out, pool))
    applied.push((await applyMigration(migration, ports(pool))).id)
  return applied
}

const rowsOf = async (pool: Pool, table = 'drizzle.__drizzle_migrations'): Promise<unknown[]> =>
  (await pool.query(`select hash, created_at from ${table} order by created_at`)).rows

describe('after an apply of its folder Drizzle', () => {
  it('goes on as if it had applied the files itself, and so does drizzle-kit', async () => {
    const { url, pool } = await database()
    const { root, out } = await projectOf(FILES.slice(0, 2), url)
    expect(await apply(out, pool)).toEqual(['0000_step.sql', '0001_step.sql'])
    expect(await apply(out, pool)).toEqual([])
    await migrate(drizzle(pool), { migrationsFolder: out })
    await write(out, FILES)
    await migrate(drizzle(pool), { migrationsFolder: out })
    const own = await database()
    // Drizzle itself cannot run what no transaction may hold: the record alone is compared.
    await write(out, [FILES[0]!, FILES[1]!.replace(' concurrently', ''), FILES[2]!])
    await migrate(drizzle(own.pool), { migrationsFolder: out })
    const [first, , third] = await rowsOf(own.pool)
    expect(await rowsOf(pool)).toMatchObject([first, {}, third])
    await write(out, FILES)
    execFileSync(KIT, ['migrate'], { cwd: root, stdio: 'pipe' })
    expect(await rowsOf(pool)).toHaveLength(3)
    await Promise.all([pool.end(), own.pool.end()])
  })

  it('applies what was rolled back', async () => {
    const { url, pool } = await database()
    const { out } = await projectOf([FILES[0]!, FILES[2]!], url)
    await apply(out, pool)
    await rollBackMigrations(ports(pool))
    expect(await rowsOf(pool)).toHaveLength(1)
    await migrate(drizzle(pool), { migrationsFolder: out })
    expect(await rowsOf(pool)).toHaveLength(2)
    expect((await pool.query('select email from users')).rows).toEqual([{ email: null }])
    await pool.end()
  })

  it('finds its record where its config says, and nothing of a file that failed', async () => {
    const { url, pool } = await database()
    const more = `, migrations: { schema: 'app', table: 'applied' }`
    const { out } = await projectOf([FILES[0]!, 'alter table users add x int; select 1 / 0;'], url, more)
    await expect(apply(out, pool)).rejects.toMatchObject({ code: 'migration.step-failed' })
    expect(await rowsOf(pool, 'app.applied')).toHaveLength(1)
    await write(out, [FILES[0]!, 'alter table users add x int;'])
    expect(await apply(out, pool)).toEqual(['0001_step.sql'])
    await migrate(drizzle(pool), {
      migrationsFolder: out,
      migrationsSchema: 'app',
      migrationsTable: 'applied',
    })
    expect(await rowsOf(pool, 'app.applied')).toHaveLength(2)
    await pool.end()
  })
})

it('refuses a target on which another tool keeps the record, unless it is a leftover', async () => {
  const { url, pool } = await database()
  const { out } = await projectOf(FILES.slice(0, 1), url)
  for (const [table, tool] of [
    ['_prisma_migrations', 'prisma'],
    ['flyway_schema_history', 'flyway'],
    ['databasechangelog', 'liquibase'],
    ['alembic_version', 'alembic'],
    ['knex_migrations', 'knex'],
    ['django_migrations', 'django'],
  ]) {
    await pool.query(`create table ${table} (id int)`)
    await expect(apply(out, pool)).rejects.toMatchObject({
      code: 'migration.other-ledger',
      details: { tool },
    })
    expect((await pool.query(`select to_regclass('users') as users`)).rows).toEqual([{ users: null }])
    await pool.query(`drop table ${table}`)
  }
  await pool.query('create table _prisma_migrations (id int)')
  const [migration] = await readMigrations(out, pool)
  const beside = { ...ports(pool), besideLedgers: ['prisma'] }
  expect((await applyMigration(migration!, beside)).state).toBe('done')
  await pool.end()
})
