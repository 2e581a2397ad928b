import { EsaError } from '@esa/protocol'
import { quoteIdentifier } from '../sql/identifiers.ts'
import type { Queryable } from '../sql/queryable.ts'
import { inReadOnly, OWN_MARK } from '../sql/read-only.ts'

/** The three roles in which Layer 1 meets a database, and the SQL that makes them. */
export interface RoleGrants {
  roles: { role: string; may: string }[]
  sql: string
}

/** Names that begin so belong to PostgreSQL. */
const SYSTEM = /^(?:pg_|information_schema$)/

/** Longest that the catalogs are read, ms. */
const CATALOG_MS = 10_000

/** Connections that an analyst may hold: a database that is looked after must not feel it. */
const ANALYST_CONNECTIONS = 5

/** Time-outs that each session begins with. They are not a boundary: a role can change its own. */
const SETTINGS: Record<string, string[]> = {
  esa_analyst: [
    `default_transaction_read_only = on`,
    `statement_timeout = '30s'`,
    `idle_in_transaction_session_timeout = '60s'`,
  ],
  esa_migrator: [`lock_timeout = '2s'`, `idle_in_transaction_session_timeout = '60s'`],
  esa_runtime_app: [`statement_timeout = '30s'`, `idle_in_transaction_session_timeout = '60s'`],
}

const ROLES: RoleGrants['roles'] = [
  { role: 'esa_analyst', may: 'read the listed schemas, their sequences and all statistics' },
  { role: 'esa_migrator', may: 'change the listed schemas, as a member of the roles that own them' },
  { role: 'esa_runtime_app', may: 'read and write rows of the listed schemas' },
]

/** The application's schemas of a database, and the owners of what is in them. */
async function grantableSchemas(
  session: Pick<Queryable, 'query'>,
): Promise<{ schema: string; owners: string[] }[]> {
  const { rows } = await session.query(`select ${OWN_MARK} n.nspname as schema,
    array(select distinct r.rolname::text from pg_class c join pg_roles r on r.oid = c.relowner
      where c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')) as owners
    from pg_namespace n where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by n.nspname`)
  return rows as { schema: string; owners: string[] }[]
}

function analyst(schema: string): string[] {
  const name = quoteIdentifier(schema)
  return [
    `GRANT USAGE ON SCHEMA ${name} TO esa_analyst;`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA ${name} TO esa_analyst;`,
    // To see how far they have come: without it a key that runs out of numbers looks unused.
    `GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${name} TO esa_analyst;`,
  ]
}

function migrator(schema: string): string[] {
  return [`GRANT USAGE, CREATE ON SCHEMA ${quoteIdentifier(schema)} TO esa_migrator;`]
}

function runtime(schema: string): string[] {
  const name = quoteIdentifier(schema)
  return [
    `GRANT USAGE ON SCHEMA ${name} TO esa_runtime_app;`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${name} TO esa_runtime_app;`,
    `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${name} TO esa_runtime_app;`,
  ]
}

/** What owners make later is granted too; only they can say so, or a superuser for them. */
function later(schema: string, owner: string, of?: 'esa_analyst'): string[] {
  const head = `ALTER DEFAULT PRIVILEGES FOR ROLE ${quoteIdentifier(owner)} IN SCHEMA ${quoteIdentifier(schema)}`
  const lines = [
    `${head} GRANT SELECT ON TABLES TO esa_analyst;`,
    `${head} GRANT SELECT ON SEQUENCES TO esa_analyst;`,
    `${head} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO esa_runtime_app;`,
    `${head} GRANT USAGE, SELECT ON SEQUENCES TO esa_runtime_app;`,
  ]
  return lines.filter((line) => of === undefined || line.endsWith(` TO ${of};`))
}

function createRole(role: string): string[] {
  const limit = role === 'esa_analyst' ? ` CONNECTION LIMIT ${ANALYST_CONNECTIONS}` : ''
  return [
    `DO $$ BEGIN CREATE ROLE ${role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$;`,
    `ALTER ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS${limit};`,
    ...SETTINGS[role]!.map((setting) => `ALTER ROLE ${role} SET ${setting};`),
  ]
}

/** A right of PostgreSQL 15 and later that only a superuser grants. Without it the trees that the server sends to the guard reach its log as well. */
const QUIET = [
  'DO $$ BEGIN GRANT SET ON PARAMETER log_min_messages TO esa_analyst;',
  `EXCEPTION WHEN insufficient_privilege THEN RAISE NOTICE 'statements of esa_analyst will reach the log'; END $$;`,
]

/** What PostgreSQL grants to every role by default, and no role of Layer 1 needs. */
function closing(database: string, owners: readonly string[]): string[] {
  const name = quoteIdentifier(database)
  return [
    `REVOKE TEMPORARY ON DATABASE ${name} FROM PUBLIC;`,
    `REVOKE CREATE ON SCHEMA public FROM PUBLIC;`,
    `GRANT CONNECT ON DATABASE ${name} TO esa_analyst, esa_migrator, esa_runtime_app;`,
    `GRANT TEMPORARY ON DATABASE ${name} TO esa_migrator;`,
    `GRANT pg_read_all_stats TO esa_analyst;`,
    ...owners.map((owner) => `GRANT ${quoteIdentifier(owner)} TO esa_migrator;`),
  ]
}

/**
 * The SQL that makes the roles analyst, migrator and runtime for the listed schemas, to be read and run by a person who
 * may. Privileges are the only boundary: the settings in it are manners. It grants no role that reads everything
 * (`pg_read_all_data` reads whatever schema comes later), and no membership in a superuser.
 * @throws EsaError `usage.schemas` (terminal) for a schema that is not there or PostgreSQL's own.
 */
export async function roleGrants(queryable: Queryable, schemas: readonly string[]): Promise<RoleGrants> {
  return inReadOnly(queryable, CATALOG_MS, (session) => grantsIn(session, schemas))
}

async function grantsIn(session: Queryable, schemas: readonly string[]): Promise<RoleGrants> {
  const known = await grantableSchemas(session)
  const missing = schemas.filter((name) => SYSTEM.test(name) || !known.some(({ schema }) => schema === name))
  if (missing.length > 0)
    throw new EsaError(
      'usage.schemas',
      'terminal',
      `these schemas are not there to be granted: ${missing.join(', ')}`,
      {
        hint: `there are: ${known.map(({ schema }) => schema).join(', ')}`,
      },
    )
  const wanted = known.filter(({ schema }) => schemas.length === 0 || schemas.includes(schema))
  const { database, supers, major } = await serverFacts(session)
  const owners = [...new Set(wanted.flatMap((one) => one.owners))]
  const plain = owners.filter((owner) => !supers.includes(owner))
  const lines = [
    '-- Run by a role that may create roles and owns these schemas. Passwords are set apart: \\password esa_analyst',
    ...ROLES.flatMap(({ role, may }) => ['', `-- ${role}: may ${may}`, ...createRole(role)]),
    '',
    '-- what is granted',
    ...closing(database, plain),
    ...(major >= QUIET_FROM ? QUIET : []),
    ...wanted.flatMap(({ schema }) => ['', ...analyst(schema), ...migrator(schema), ...runtime(schema)]),
    ...wanted.flatMap(({ schema, owners: makers }) => makers.flatMap((owner) => later(schema, owner))),
    ...owners
      .filter((owner) => supers.includes(owner))
      .map(
        (owner) =>
          `-- ${quoteIdentifier(owner)} is a superuser and owns tables here: give them to a role of their own, so that esa_migrator can be its member`,
      ),
  ]
  return { roles: ROLES, sql: `${lines.join('\n')}\n` }
}

/** Schemas that are written out, at most: it is a hint and no script. */
const HINTED_SCHEMAS = 10

/**
 * The SQL that makes the one role which reads statements of others: a part of what `roleGrants` gives, which takes nothing
 * from other roles. It is complete but for a password, and names how many schemas it leaves out.
 */
export async function readerGrants(session: Pick<Queryable, 'query'>): Promise<string> {
  const known = await grantableSchemas(session)
  const shown = known.slice(0, HINTED_SCHEMAS)
  const { database, major } = await serverFacts(session)
  return [
    ...createRole('esa_analyst'),
    `GRANT CONNECT ON DATABASE ${quoteIdentifier(database)} TO esa_analyst;`,
    'GRANT pg_read_all_stats TO esa_analyst;',
    ...(major >= QUIET_FROM ? QUIET : []),
    ...shown.flatMap(({ schema, owners }) => [
      ...analyst(schema),
      ...owners.flatMap((owner) => later(schema, owner, 'esa_analyst')),
    ]),
    ...(known.length > shown.length
      ? [`-- ${known.length - shown.length} more schemas: esa db grants prints all of it`]
      : []),
    '-- its password: \\password esa_analyst',
  ].join('\n')
}

/** From this major version on, setting a parameter is a right that can be granted. */
const QUIET_FROM = 15

async function serverFacts(
  session: Pick<Queryable, 'query'>,
): Promise<{ database: string; supers: string[]; major: number }> {
  const { rows } = await session.query(
    `select ${OWN_MARK} current_database() as database, array(select rolname::text from pg_roles where rolsuper) as supers,
      current_setting('server_version_num')::int / 10000 as major`,
  )
  return rows[0] as { database: string; supers: string[]; major: number }
}
