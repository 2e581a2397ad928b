import { postgresError } from '../sql/postgres-error.ts'
import { onOneSession, type Queryable } from '../sql/queryable.ts'
import { OWN_MARK, toOwnPath } from '../sql/read-only.ts'

/** Why a database is frozen, by whom, and since when (epoch ms, by its own clock). */
export interface Freeze {
  reason: string
  by: string
  at: number
}

/**
 * The schema belongs to the first role that freezes; every role may read the flag, no other may write it. One row at most: a
 * second freeze replaces the reason.
 */
const PREPARE = `create schema if not exists esa_control;
create table if not exists esa_control.freeze (
  one boolean primary key default true check (one),
  reason text not null, by text not null, at timestamptz not null default clock_timestamp());
revoke all on schema esa_control from public;
revoke all on esa_control.freeze from public;
grant usage on schema esa_control to public;
grant select on esa_control.freeze to public`

/**
 * Freezes a database: nothing is applied or built there by any ESA until it is thawed. Takes a role that may create a
 * schema, or that owns the flag already. @throws EsaError `database.permission` (terminal) for any other, `database.*`.
 */
export async function freezeDatabase(
  queryable: Queryable,
  { reason, by }: Pick<Freeze, 'reason' | 'by'>,
): Promise<void> {
  await inTransaction(queryable, async (session) => {
    if (!(await isThere(session))) await session.query(PREPARE)
    await session.query(
      `insert into esa_control.freeze (reason, by) values ($1, $2)
       on conflict (one) do update set reason = excluded.reason, by = excluded.by, at = clock_timestamp()`,
      [reason, by],
    )
  })
}

/** Thaws a database; gives what it was frozen for, or null when it was not. @throws EsaError `database.permission` (terminal), `database.*`. */
export async function thawDatabase(queryable: Queryable): Promise<Freeze | null> {
  return inTransaction(queryable, async (session) => {
    if (!(await isThere(session))) return null
    const { rows } = await session.query(`delete from esa_control.freeze returning reason, by, ${AT}`)
    return freezeOf(rows[0])
  })
}

/** Why a database is frozen, or null when it is not. @throws EsaError `database.*`. */
export async function readFreeze(queryable: Queryable): Promise<Freeze | null> {
  return inTransaction(queryable, async (session) => {
    if (!(await isThere(session))) return null
    const { rows } = await session.query(`select ${OWN_MARK} reason, by, ${AT} from esa_control.freeze`)
    return freezeOf(rows[0])
  })
}

const AT = `floor(extract(epoch from at) * 1000)::float8 as at`

async function isThere(session: Queryable): Promise<boolean> {
  const { rows } = await session.query(
    `select ${OWN_MARK} to_regclass('esa_control.freeze') is not null as there`,
  )
  return rows[0]?.['there'] === true
}

function freezeOf(row: Record<string, unknown> | undefined): Freeze | null {
  return row === undefined ? null : (row as unknown as Freeze)
}

async function inTransaction<T>(queryable: Queryable, work: (session: Queryable) => Promise<T>): Promise<T> {
  return onOneSession(queryable, async (session) => {
    try {
      await session.query('BEGIN')
      try {
        await toOwnPath(session)
        const done = await work(session)
        await session.query('COMMIT')
        return done
      } catch (error) {
        // A failed ROLLBACK means a lost session; the error that lost it is the one worth reporting.
        await session.query('ROLLBACK').catch(() => undefined)
        throw error
      }
    } catch (error) {
      throw postgresError(error)
    }
  })
}
