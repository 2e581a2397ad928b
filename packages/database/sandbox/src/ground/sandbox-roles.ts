import { quoteIdentifier, type Queryable } from '@esa/database-catalog/sql'
import type { Tester } from './ground.ts'

/** Testers are called so, and the databases that are theirs end alike. */
export const TESTER_PREFIX = 'sbx_'

/** Sessions of one tester: the one that tries, the one that looks, and some that are kept waiting. */
const CONNECTIONS_MAX = 8

/** What sorts and hashes of one session may write to the disk. */
const TEMP_FILES_MAX = '2GB'

/** The comment by which a role is known as one that was made for sandboxes: only such a role is given to a tester. */
const MADE_HERE = 'made by esa for sandboxes'

/** Second key of the lock under which roles are made and dropped. */
const ROLE_LOCK = 0x726f6c65

/** Names that belong to PostgreSQL, to testers and to the runtime. */
const RESERVED = /^(?:pg_|sbx_|esa_sbx_admin$)/

/**
 * Makes the role that owns one rehearsal: it may log in, and nothing else. `seesAllRows`: no policy of its own tables holds it
 * either, as it is with a superuser; that gives it nothing outside its database. Left out where the admin may not give that.
 * @throws the server's error when the admin may not make roles.
 */
export async function makeTester(admin: Queryable, role: string, seesAllRows: boolean): Promise<Tester> {
  const password = crypto.randomUUID()
  const name = quoteIdentifier(role)
  await admin.query(
    `create role ${name} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls inherit
     connection limit ${CONNECTIONS_MAX} password '${password}'`,
  )
  // An admin that is not a superuser makes databases only for roles that it is a member of, and may not set this limit.
  await admin.query(`grant ${name} to current_user`).catch(() => undefined)
  await admin.query(`alter role ${name} set temp_file_limit = '${TEMP_FILES_MAX}'`).catch(() => undefined)
  if (seesAllRows) await admin.query(`alter role ${name} bypassrls`).catch(() => undefined)
  return { role, password }
}

/**
 * Makes roles without login and without rights, and gives them to the tester, so that objects and policies may name them. One
 * that is there and was not made here is left alone: what it may, the tester would.
 */
export async function giveRoles(
  admin: Queryable,
  lockClass: number,
  { role }: Pick<Tester, 'role'>,
  names: readonly string[],
): Promise<string[]> {
  const wanted = [...new Set(names)].filter((name) => name !== '' && !RESERVED.test(name))
  if (wanted.length === 0) return []
  await admin.query('select pg_advisory_lock($1, $2)', [lockClass, ROLE_LOCK])
  try {
    const given: string[] = []
    for (const name of wanted) {
      if (!(await isMadeHere(admin, name))) continue
      await admin.query(`grant ${quoteIdentifier(name)} to ${quoteIdentifier(role)}`)
      given.push(name)
    }
    return given
  } finally {
    await admin.query('select pg_advisory_unlock($1, $2)', [lockClass, ROLE_LOCK])
  }
}

/** Makes the role when there is none; true when it is one that was made for sandboxes. */
async function isMadeHere(admin: Queryable, name: string): Promise<boolean> {
  const { rows } = await admin.query(
    `select shobj_description(oid, 'pg_authid') is not distinct from $2
       and not (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls or rolcanlogin) as made
     from pg_roles where rolname = $1`,
    [name, MADE_HERE],
  )
  if (rows[0] !== undefined) return rows[0]['made'] === true
  const quoted = quoteIdentifier(name)
  await admin.query(
    `begin; create role ${quoted} nologin; comment on role ${quoted} is '${MADE_HERE}'; commit`,
  )
  return true
}

/** Drops the roles that were made for sandboxes; one that a living sandbox uses stays. */
export async function dropMadeRoles(admin: Queryable): Promise<void> {
  const { rows } = await admin.query(
    `select rolname as name from pg_roles where shobj_description(oid, 'pg_authid') = $1`,
    [MADE_HERE],
  )
  for (const { name } of rows)
    await admin.query(`drop role ${quoteIdentifier(String(name))}`).catch(() => undefined)
}
