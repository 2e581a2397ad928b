import { COMPUTING_EXTENSIONS } from '@esa/database-catalog/guard'
import { quoteIdentifier, type Queryable } from '@esa/database-catalog/sql'
import { type OpenDatabase, type RehearsalGround, type Tester, using } from './ground.ts'
import { LOCK_CLASS } from './ownership.ts'
import { giveRoles } from './sandbox-roles.ts'

/** An extension of the target. */
export interface SchemaExtension {
  name: string
  /** Where its objects live; null when it makes that schema itself. */
  schema: string | null
}

/** Second key of the lock under which databases are closed to others. */
const CLOSING_LOCK = 0x636c6f73

/** Schemas of the user: those in which a made role may own objects. */
const OWN_SCHEMAS = `select nspname as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
  and has_schema_privilege(oid, 'create') and pg_has_role(nspowner, 'usage')`

/** One rehearsal database: its admin made it and is outside, its tester owns it and does the rest. */
export class Sandbox {
  readonly ground: RehearsalGround
  /** The admin's session, on another database of the server. */
  readonly admin: Queryable
  readonly name: string
  readonly tester: Tester
  /** Extensions that the admin made in it while it was empty, and their schemas. */
  readonly furnished = { extensions: new Set<string>(), schemas: new Set<string>() }
  readonly #roles = new Set<string>()

  constructor(ground: RehearsalGround, admin: Queryable, name: string, tester: Tester) {
    this.ground = ground
    this.admin = admin
    this.name = name
    this.tester = tester
  }

  /** Makes the database, which only its tester may enter, with the extensions that a tester may not make. */
  async create(icuLocale: string | undefined, extensions: readonly SchemaExtension[]): Promise<void> {
    await this.ground.createDatabase(this.name, this.tester.role, icuLocale)
    await this.#close([this.name, 'postgres', 'template1'])
    await this.#furnish(extensions)
  }

  /** One after another: of two that change the same database at once, PostgreSQL fails one. */
  async #close(databases: readonly string[]): Promise<void> {
    await this.admin.query('select pg_advisory_lock($1, $2)', [LOCK_CLASS, CLOSING_LOCK])
    try {
      for (const closed of databases)
        await this.admin.query(`revoke all on database ${quoteIdentifier(closed)} from public`)
    } finally {
      await this.admin.query('select pg_advisory_unlock($1, $2)', [LOCK_CLASS, CLOSING_LOCK])
    }
  }

  /** The only time that the admin is in this database: nothing of the tester is there yet. */
  async #furnish(extensions: readonly SchemaExtension[]): Promise<void> {
    const wanted = extensions.filter(({ name }) => COMPUTING_EXTENSIONS.has(name))
    const { rows } = await this.admin.query(
      `select distinct name, current_setting('server_version_num')::int < 150000 as old from pg_available_extension_versions
       where superuser and not trusted and name = any ($1)
       union all select null, true where current_setting('server_version_num')::int < 150000`,
      [wanted.map(({ name }) => name)],
    )
    const untrusted = new Set(rows.map(({ name }) => name))
    const isOld = rows.some(({ old }) => old === true)
    const todo = wanted.filter(({ name }) => untrusted.has(name))
    if (todo.length === 0 && !isOld) return
    const role = quoteIdentifier(this.tester.role)
    await using(this.ground.asAdmin(this.name), async (admin) => {
      // Before PostgreSQL 15 it does not belong to the database's owner.
      if (isOld) await admin.query(`alter schema public owner to ${role}`)
      for (const { name, schema } of todo) {
        const own = schema !== null && !schema.startsWith('pg_') && schema !== 'public'
        if (own) this.furnished.schemas.add(schema)
        if (own)
          await admin.query(`create schema if not exists ${quoteIdentifier(schema)} authorization ${role}`)
        const place = schema === null ? '' : ` schema ${quoteIdentifier(schema)}`
        // What the admin may not make either is missing, and said to be.
        const made = await admin.query(`create extension ${quoteIdentifier(name)}${place} cascade`).then(
          () => true,
          () => false,
        )
        if (made) this.furnished.extensions.add(name)
      }
    })
  }

  /** A pool of the tester. */
  open(max?: number): Promise<OpenDatabase> {
    return this.ground.open(this.name, this.tester, max)
  }

  /** Lets `work` use one pool of one session of the tester. */
  inside<T>(work: (queryable: Queryable) => Promise<T>): Promise<T> {
    return using(this.open(1), work)
  }

  /** Makes roles, so that what is tried may name them and give them objects in every schema, present and to come. */
  async admit(names: readonly string[]): Promise<void> {
    const fresh = names.filter((name) => !this.#roles.has(name))
    const given = await giveRoles(this.admin, LOCK_CLASS, this.tester, fresh)
    for (const name of fresh) this.#roles.add(name)
    if (given.length === 0) return
    const roles = given.map(quoteIdentifier).join(', ')
    await this.inside(async (session) => {
      const { rows } = await session.query(OWN_SCHEMAS)
      const grants = rows.map(
        ({ name }) => `grant usage, create on schema ${quoteIdentifier(String(name))} to ${roles}`,
      )
      const later = `alter default privileges grant usage, create on schemas to ${roles}`
      // Who owns a publication or a schema may make one.
      const make = `grant create on database ${quoteIdentifier(this.name)} to ${roles}`
      await session.query([...grants, later, make].join('; '))
    })
  }
}
