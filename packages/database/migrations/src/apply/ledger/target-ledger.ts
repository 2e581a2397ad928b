import { EsaError } from '@esa/protocol'
import { postgresError } from '@esa/database-catalog/sql'
import type { Ledger, MigrationRecord } from './ledger.ts'

const TABLES = `
create schema if not exists esa_migrations;
create table if not exists esa_migrations.migration (
  id text primary key, hash text not null, state text not null, by text not null, nth bigint generated always as identity,
  started_at timestamptz not null default clock_timestamp(), ended_at timestamptz, verification jsonb, down text);
create table if not exists esa_migrations.step (
  migration text not null references esa_migrations.migration, step text not null, hash text not null, state text not null,
  cursor jsonb, rollback text, about text not null, at timestamptz not null default clock_timestamp(), nth bigint generated always as identity,
  who text not null default session_user, primary key (migration, step))`

const LIST = `select m.id, m.hash, m.state, m.by, m.verification, m.down,
  extract(epoch from m.started_at)::float8 * 1000 as "startedAt", extract(epoch from m.ended_at)::float8 * 1000 as "endedAt",
  coalesce((select json_agg(json_build_object('step', s.step, 'hash', s.hash, 'state', s.state, 'cursor', s.cursor,
    'rollback', s.rollback) order by s.nth) from esa_migrations.step s where s.migration = m.id), '[]') as steps
  from esa_migrations.migration m order by m.started_at, m.nth`

/** Before the first migration there is no ledger, and looking for it makes none. */
const EXISTS = `select to_regclass('esa_migrations.step') is not null as there`

/** The ledger in the target itself, in the schema `esa_migrations`. */
export const targetLedger: Ledger = {
  inTransaction: true,

  async open(session) {
    const { rows } = await session.query(EXISTS)
    if (rows[0]?.['there'] === true) return
    await session.query(`begin; ${TABLES}; commit`).catch(async (thrown: unknown) => {
      await session.query('rollback').catch(() => undefined)
      const error = postgresError(thrown)
      if (error.code !== 'database.permission') throw error
      throw new EsaError(
        'migration.no-ledger',
        'terminal',
        `no ledger can be made in the target: ${error.message}`,
        {
          hint: 'grant create on database to the role, or keep the ledger beside it: --ledger FILE',
          cause: thrown,
        },
      )
    })
  },

  async list(session) {
    const { rows } = await session.query(EXISTS)
    if (rows[0]?.['there'] !== true) return []
    return (await session.query(LIST)).rows as unknown as MigrationRecord[]
  },

  async begin(session, { id, hash, down }, by) {
    // What was undone is applied from its first step on.
    await session.query(
      `delete from esa_migrations.step where migration = $1
       and exists (select from esa_migrations.migration where id = $1 and state = 'undone')`,
      [id],
    )
    await session.query(
      `insert into esa_migrations.migration (id, hash, state, by, down) values ($1, $2, 'started', $3, $4)
       on conflict (id) do update set hash = excluded.hash, state = 'started', by = excluded.by, down = excluded.down,
         started_at = case when migration.state = 'undone' then clock_timestamp() else migration.started_at end,
         ended_at = null, verification = null`,
      [id, hash, by, down],
    )
  },

  async mark(session, { id }, { id: step, hash, about }, { state, cursor, rollback }) {
    await session.query(
      `insert into esa_migrations.step (migration, step, hash, state, cursor, rollback, about)
       values ($1, $2, $3, $4, $5, $6, $7) on conflict (migration, step) do update set hash = excluded.hash,
         state = excluded.state, cursor = excluded.cursor, rollback = excluded.rollback, at = clock_timestamp()`,
      [id, step, hash, state, JSON.stringify(cursor), rollback, about],
    )
  },

  async end(session, id, state, verification) {
    await session.query(
      `update esa_migrations.migration set state = $2, ended_at = clock_timestamp(), verification = $3 where id = $1`,
      [id, state, verification === null ? null : JSON.stringify(verification)],
    )
  },
}
