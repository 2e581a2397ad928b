import type { Queryable } from '../sql/queryable.ts'
import { inReadOnly, OWN_MARK } from '../sql/read-only.ts'

/** What a role may do beyond reading, and whether what is said while a statement is judged reaches the server's log. */
export interface RoleStrength {
  /** In words, `it is a superuser`; empty for a role that could not do harm anyway. */
  strengths: string[]
  /** Whether the session may take the role `pg_read_all_data` on. */
  mayReadAll: boolean
  /** Whether the session may set `log_min_messages`. */
  maySetLog: boolean
  /** Whether the server logs messages of the level LOG. */
  logs: boolean
}

/**
 * Predefined roles that reach files, programs, other sessions or every row. Source: PostgreSQL 18, "Predefined Roles";
 * a server that does not have one of them yet has none of its members.
 */
const STRONG_ROLES = [
  'pg_read_server_files',
  'pg_write_server_files',
  'pg_execute_server_program',
  'pg_signal_backend',
  'pg_signal_autovacuum_worker',
  'pg_write_all_data',
  'pg_checkpoint',
  'pg_maintain',
  'pg_create_subscription',
]

/** Objects that are named, at most: one is enough to be too strong. */
const OWNED_SHOWN = 3

/**
 * The login counts with every role that it is a member of, however: what it has not taken on yet it may be given by
 * `SET ROLE`. Temporary tables are the session's own.
 */
function strengthSql(major: number): string {
  const setsRole = major >= 16 ? 'SET' : 'MEMBER'
  const setsLog =
    major >= 15
      ? `has_parameter_privilege('log_min_messages', 'SET')`
      : `current_setting('is_superuser') = 'on'`
  return `with login as (select * from pg_roles where rolname = session_user),
    here as (select oid, datname from pg_database where datname = current_database()),
    reach as (select r.oid, r.rolname, r.rolsuper from pg_roles r, login
      where not login.rolsuper and pg_has_role(login.oid, r.oid, 'MEMBER')),
    found(nth, strength) as (
      select 1, 'it is a superuser' from login where rolsuper
      union all select 2, 'it may become ' || quote_ident(rolname) || ', a superuser' from reach where rolsuper
      union all select 3, 'it may make roles' from login where rolcreaterole and not rolsuper
      union all select 4, 'it may replicate' from login where rolreplication and not rolsuper
      union all select 5, 'it is a member of ' || rolname from reach where rolname = any ($1)
      union all (select 6, 'it owns ' || pg_describe_object(d.classid, d.objid, 0)
        from pg_shdepend d join reach on reach.oid = d.refobjid, here
        where d.refclassid = 'pg_authid'::regclass and d.deptype = 'o'
          and (d.dbid = here.oid or (d.classid = 'pg_database'::regclass and d.objid = here.oid))
          and not exists (select from pg_class c where d.classid = 'pg_class'::regclass and c.oid = d.objid and c.relpersistence = 't')
        order by d.classid, d.objid limit ${OWNED_SHOWN}))
    select ${OWN_MARK} (select coalesce(json_agg(strength order by nth, strength), '[]') from found) as strengths,
      pg_has_role(session_user, 'pg_read_all_data', '${setsRole}') as "mayReadAll", ${setsLog} as "maySetLog",
      current_setting('log_min_messages') not in ('fatal', 'panic') as logs`
}

/** What the role of a target may do, in a transaction of its own. @throws EsaError `database.*`. */
export async function roleOf(queryable: Queryable, timeoutMs: number): Promise<RoleStrength> {
  return inReadOnly(queryable, timeoutMs, (session) => roleStrength(session, session.major))
}

/** What the role of a session may do, by the catalogs. Call it in `inReadOnly`. */
export async function roleStrength(session: Queryable, major: number): Promise<RoleStrength> {
  const { rows } = await session.query(strengthSql(major), [STRONG_ROLES])
  return rows[0] as unknown as RoleStrength
}
