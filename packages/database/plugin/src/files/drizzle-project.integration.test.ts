import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SANDBOX_ADMIN, SANDBOX_UID, stopSandbox } from '@esa/pg-server'
import { planBetween } from '@esa/database-migrations/plan'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pendingMigrations } from './drizzle-journal.ts'
import { DRIZZLE_SILENT_ABOUT, drizzleMigrations, drizzleSchema } from './drizzle-project.ts'
import { rehearsalGround } from '../sandbox/rehearsal-ground.ts'

/** A Drizzle project that is really used: the runtime's own. */
const STORE = join(import.meta.dirname, '../../../../store')

const USERS = `import { integer, pgTable, text } from 'drizzle-orm/pg-core'
export const users = pgTable('users', { id: integer('id').primaryKey(), name: text('name') })`
const ORDERS = `import { bigint, index, pgTable } from 'drizzle-orm/pg-core'
import { users } from './users'
export const orders = pgTable('orders', { id: bigint('id', { mode: 'number' }).primaryKey(), user: bigint('user_id', { mode: 'number' }).references(() => users.id) },
  (t) => [index('orders_user').on(t.user)])`

let home: string
let project: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-drizzle-'))
  project = join(home, 'project')
  await mkdir(join(project, 'schema'), { recursive: true })
  await symlink(join(STORE, 'node_modules'), join(project, 'node_modules'))
  await writeFile(join(project, 'package.json'), '{"type": "module"}')
  await writeFile(join(project, 'schema/users.ts'), USERS)
  await writeFile(join(project, 'schema/orders.ts'), ORDERS)
})
afterAll(async () => {
  await stopSandbox({ home, remove: true })
  await rm(home, { recursive: true, force: true })
})

/** Writes a config of the project and gives its path. */
async function config(name: string, text: string): Promise<string> {
  const file = join(project, name, 'drizzle.config.ts')
  await mkdir(join(project, name), { recursive: true })
  await writeFile(file, `export default ${text}`)
  return file
}

describe('a Drizzle project', () => {
  it('leads where its migrations lead, and what it has no words for stays', async () => {
    const migrations = (await drizzleMigrations(join(STORE, 'migrations')))!
    const schema = { sql: await drizzleSchema(join(STORE, 'drizzle.config.ts')) }
    const ground = await rehearsalGround(
      { home, rehearsalUrl: null, databaseUrl: null, sandboxUid: SANDBOX_UID },
      null,
    )
    const from = { sql: migrations.map(({ sql }) => sql) }
    const plan = await planBetween({
      ground,
      from,
      to: { schema, silentAbout: DRIZZLE_SILENT_ABOUT },
      hints: {},
    })
    expect(plan).toMatchObject({ changes: [], unplanned: [] })
    const before = await planBetween({
      ground,
      from: { sql: migrations.slice(0, 1).map(({ sql }) => sql) },
      to: { schema, silentAbout: DRIZZLE_SILENT_ABOUT },
      hints: {},
    })
    expect(before.unplanned).toEqual([])
    expect(before.changes.map(({ kind }) => kind)).toContain('add-table')
  })

  it('is read as it is bundled: folders, and imports without endings', async () => {
    const sql = await drizzleSchema(await config('whole', `{ dialect: 'postgresql', schema: '../schema' }`))
    expect(sql).toContain('CREATE TABLE "users"')
    expect(sql).toContain('CREATE INDEX "orders_user"')
    expect(await drizzleSchema(join(project, 'schema/users.ts'))).not.toContain('orders')
    expect(
      await drizzleSchema(await config('some', `{ dialect: 'postgresql', schema: ['../schema/u*.ts'] }`)),
    ).toContain('users')
  })

  it.each([
    ['drizzle.dialect', `{ dialect: 'mysql', schema: '../schema' }`],
    ['drizzle.config', `{ schema: 3 }`],
    ['drizzle.schema', `{ dialect: 'postgresql', schema: './nowhere' }`],
    ['drizzle.load', `(() => { throw new Error('no') })()`],
  ])('that cannot be read says why: %s', async (code, text) => {
    await expect(drizzleSchema(await config(code, text))).rejects.toMatchObject({ code, kind: 'terminal' })
  })

  it('has a journal, which the target has part of', async () => {
    const migrations = (await drizzleMigrations(join(STORE, 'migrations')))!
    expect(migrations[0]!.tag).toBe('0000_first')
    expect(await drizzleMigrations(join(STORE, 'src'))).toBeUndefined()
    const ground = await rehearsalGround(
      { home, rehearsalUrl: null, databaseUrl: null, sandboxUid: SANDBOX_UID },
      null,
    )
    await ground.createDatabase('drizzled', SANDBOX_ADMIN)
    const { queryable, close } = await ground.asAdmin('drizzled')
    expect(await pendingMigrations(queryable, migrations)).toHaveLength(migrations.length)
    await queryable.query(`create schema drizzle;
      create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`)
    expect(await pendingMigrations(queryable, migrations)).toHaveLength(migrations.length)
    await queryable.query(
      `insert into drizzle.__drizzle_migrations (hash, created_at) values ('x', ${migrations[1]!.when})`,
    )
    expect((await pendingMigrations(queryable, migrations)).map(({ tag }) => tag)).toEqual(
      migrations.slice(2).map(({ tag }) => tag),
    )
    await close()
  })

  it('with a damaged journal is refused', async () => {
    await mkdir(join(project, 'bad/meta'), { recursive: true })
    await writeFile(join(project, 'bad/meta/_journal.json'), '{"entries": 3}')
    await expect(drizzleMigrations(join(project, 'bad'))).rejects.toMatchObject({ code: 'file.journal' })
  })
})
