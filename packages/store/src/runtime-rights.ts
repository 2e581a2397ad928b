import type { Pool, PoolClient } from 'pg'
import { withPool } from './with-pool.ts'

/** Any number will do, as long as it is ours: two that grant take turns. */
const GRANT_LOCK = 7_361_106

/** The schema of the queues, where they are on PostgreSQL: doorbells and nothing else. */
const QUEUES_SCHEMA = 'bullmq'

/** All that a runtime does with each table. It changes nothing in the log, and takes nothing out of it. */
export const RUNTIME_RIGHTS: Readonly<Record<string, readonly string[]>> = {
  events: ['SELECT', 'INSERT'],
  retired: ['SELECT'],
  actors: ['SELECT', 'INSERT', 'UPDATE'],
  messages: ['SELECT', 'INSERT', 'UPDATE'],
  activities: ['SELECT', 'INSERT', 'UPDATE'],
  workers: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  metrics: ['SELECT', 'INSERT'],
  runtime: ['SELECT', 'UPDATE'],
  openings: ['SELECT', 'INSERT', 'UPDATE'],
  sealers: ['SELECT', 'INSERT', 'UPDATE'],
  tokens: ['SELECT', 'INSERT', 'UPDATE'],
  accounts: ['SELECT', 'INSERT'],
  sign_in_links: ['SELECT', 'INSERT', 'DELETE'],
  sessions: ['SELECT', 'INSERT', 'DELETE'],
  requests: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  people: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  stand_ins: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  channels: ['SELECT', 'INSERT', 'DELETE'],
  deliveries: ['SELECT', 'INSERT', 'DELETE'],
  ack_links: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
}

/** How well the log is protected from the runtime's role. `why` is null when nothing but an insert is open to it. */
export interface LogGuard {
  role: string
  owner: string
  why: 'superuser' | 'owner' | 'rights' | null
}

/**
 * Gives a role exactly `RUNTIME_RIGHTS`, whatever it was given before, on a schema of another owner; the
 * owner needs none. Queues that the owner made before are recreated by the role.
 */
export async function grantRuntime(pool: Pool, journal: string, role: string): Promise<void> {
  const client = await pool.connect()
  let sound = false
  try {
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock($1)', [GRANT_LOCK])
    const { rows } = await client.query<{ owner: string }>('select current_user as owner')
    if (rows[0]!.owner !== role) await grantAll(client, journal, client.escapeIdentifier(role))
    await client.query('commit')
    sound = true
  } finally {
    // A connection that is thrown away takes its open transaction with it.
    client.release(!sound)
  }
}

async function grantAll(client: PoolClient, journal: string, role: string): Promise<void> {
  const [journalSchema] = journal.split('.')
  await client.query(`grant usage on schema esa, ${journalSchema} to ${role};
    grant select on ${journal} to ${role};
    revoke all on all tables in schema esa from ${role}`)
  for (const [table, rights] of Object.entries(RUNTIME_RIGHTS))
    await client.query(`grant ${rights.join(', ')} on esa.${table} to ${role}`)
  // Queues make their own schema. Whose database it is not, cannot give that away: esa doctor then says so.
  await client.query(`do $$ begin
    execute format('grant create on database %I to ${role.replaceAll("'", "''").replaceAll('%', '%%')}', current_database());
    exception when insufficient_privilege then null; end $$`)
  await client.query(`do $$ begin
    if (select nspowner = current_user::regrole from pg_namespace where nspname = '${QUEUES_SCHEMA}')
      then drop schema ${QUEUES_SCHEMA} cascade; end if; end $$`)
}

/** Looks at the log with the runtime's eyes. */
export async function logGuard(url: string): Promise<LogGuard> {
  return await withPool(url, 'guard', async (pool) => {
    const { rows } = await pool.query<
      Omit<LogGuard, 'why'> & { super: boolean; owns: boolean; may: boolean }
    >(
      `select current_user as role, pg_get_userbyid(c.relowner) as owner, r.rolsuper as super,
         pg_has_role(c.relowner, 'MEMBER') as owns,
         has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER') as may
       from pg_class c, pg_roles r where c.oid = to_regclass('esa.events') and r.rolname = current_user`,
    )
    const { role, owner, super: isSuper, owns, may } = rows[0]!
    return { role, owner, why: isSuper ? 'superuser' : owns ? 'owner' : may ? 'rights' : null }
  })
}
