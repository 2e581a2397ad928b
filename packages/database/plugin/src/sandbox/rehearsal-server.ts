import { connectPool, describeUrl, embeddedServerStatus, hasSessions, isHosted } from '@esa/pg-server'
import type { Queryable } from '@esa/database-catalog/sql'
import { EsaError } from '@esa/protocol'
import type { Config } from '../config.ts'

/** Roles that only providers of hosted servers make. */
const HOSTED_ROLES = [
  'rds_superuser',
  'cloudsqlsuperuser',
  'azure_pg_admin',
  'neon_superuser',
  'supabase_admin',
]

/** What a server is known by; a standby has its primary's. */
const SYSTEM = 'select system_identifier::text as id from pg_control_system()'

/** What decides whether it may serve rehearsals. A role that was made for one proves nothing of its server. */
const FACTS = `select system_identifier::text as id,
    (select rolsuper or (rolcreaterole and rolcreatedb) from pg_roles where rolname = current_user) as able,
    exists (select from pg_roles where rolname = any ($1) and shobj_description(oid, 'pg_authid') is null) as hosted
  from pg_control_system()`

interface ServerFacts {
  id: string
  able: boolean
  hosted: boolean
}

/**
 * Demands that a server given for rehearsals serves nothing else: neither the runtime nor the target lives there, and no
 * provider runs it. @throws EsaError `usage.rehearsal-url` (terminal), `database.*`.
 */
export async function requireSandboxServer(
  url: string,
  config: Pick<Config, 'home' | 'databaseUrl'>,
  target: Queryable | null,
): Promise<void> {
  if (!hasSessions(url))
    throw refused('a sandbox needs a direct connection, not a pooler', 'give the direct URL of the server')
  if (isHosted(url)) throw refused(...HOSTED)
  const facts = await factsOf(url)
  if (facts.hosted) throw refused(...HOSTED)
  if (!facts.able)
    throw refused(
      `the role of ${describeUrl(url)} may not create roles and databases`,
      'give a role that may: ALTER ROLE ... CREATEROLE CREATEDB',
    )
  const runtimeUrl =
    config.databaseUrl ?? (await embeddedServerStatus({ home: config.home })).server?.url ?? null
  const others = {
    'the runtime': runtimeUrl === null ? null : (await factsOf(runtimeUrl)).id,
    'the target': target === null ? null : (await target.query(SYSTEM)).rows[0]?.['id'],
  }
  for (const [whose, id] of Object.entries(others))
    if (id === facts.id)
      throw refused(
        `${describeUrl(url)} is the server of ${whose}`,
        'unset ESA_REHEARSAL_URL, or give a server that serves nothing else: what is tried there may be anything',
      )
}

const HOSTED = [
  'a hosted server cannot serve rehearsals',
  'unset ESA_REHEARSAL_URL: the sandbox of this machine is used',
] as const

async function factsOf(url: string): Promise<ServerFacts> {
  const pool = await connectPool(url, { max: 1, applicationName: 'esa rehearsal' })
  try {
    return (await pool.query<ServerFacts & Record<string, unknown>>(FACTS, [HOSTED_ROLES])).rows[0]!
  } finally {
    await pool.end()
  }
}

function refused(message: string, hint: string): EsaError {
  return new EsaError('usage.rehearsal-url', 'terminal', message, { hint })
}
