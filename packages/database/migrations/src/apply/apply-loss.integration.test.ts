import { createDatabase, connectPool } from '@esa/pg-server'
import { EsaError, isEsaError } from '@esa/protocol'
import type { Pool } from 'pg'
import { describe, expect, it } from 'vitest'
import { systemClock } from '@esa/database-catalog/sql'
import { ownServer, bothMajors } from '@esa/database-catalog/testing'
import { type Applied, applyMigration, type ApplyPorts } from './apply-migration.ts'
import { LOSSES, LOSSES_SCHEMA, NO_LOSSES } from '../../testing/losses.ts'
import { scriptMigration } from '../plan/steps/migration.ts'
import { targetLedger } from './ledger/target-ledger.ts'

const own = ownServer()
const servers = bothMajors(own)

/** Made first by every migration: that it is there shows that something ran. */
const MARKER = 'create table marker (i int)'

/** The rows of every table by the numbers of its columns, the sequences, and the large objects. */
type State = { rows: Map<string, Map<string, string>>; others: string[] }

async function stateOf(pool: Pool): Promise<State> {
  const { rows: tables } = await pool.query<{ oid: string; name: string; columns: [number, string][] }>(
    `select c.oid::text, c.oid::regclass::text as name,
       (select json_agg(json_build_array(a.attnum, quote_ident(a.attname)) order by a.attnum) from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
     from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`,
  )
  const rows: State['rows'] = new Map()
  for (const { oid, name, columns } of tables) {
    const { rows: found } = await pool.query<Record<string, string>>(
      `select ${columns.map(([nth, column]) => `${column}::text as "${nth}"`).join(', ')} from ${name}`,
    )
    for (const row of found)
      for (const [nth, value] of Object.entries(row)) {
        const column = rows.get(`${oid}.${nth}`) ?? new Map<string, string>()
        if (value !== null) rows.set(`${oid}.${nth}`, column.set(row['1']!, value))
      }
  }
  const { rows: others } = await pool.query<{ one: string }>(
    `select 'sequence ' || oid::regclass || ' ' || (coalesce(pg_sequence_last_value(oid), 0) >= 500) as one from pg_class
       where relkind = 'S' and relnamespace = 'public'::regnamespace
     union all select 'object ' || oid || ' ' || encode(lo_get(oid), 'escape') from pg_largeobject_metadata`,
  )
  return { rows, others: others.map(({ one }) => one) }
}

/** What was there before and is not there any more. */
function missing(before: State, after: State): string[] {
  const gone = [...before.rows].flatMap(([column, kept]) =>
    [...kept].flatMap(([id, value]) =>
      after.rows.get(column)?.get(id) === value ? [] : [`${column} of ${id}`],
    ),
  )
  return [...gone, ...before.others.filter((one) => !after.others.includes(one))]
}

let opened = 0

async function inShop<T>(
  major: string,
  before: string,
  work: (pool: Pool, url: string) => Promise<T>,
): Promise<T> {
  opened += 1
  const name = `loss_${opened}`
  const url = `${await createDatabase(servers.url(major), name)}?options=-c%20synchronous_commit%3Doff`
  const pool = await connectPool(url, { max: 4 })
  try {
    await pool.query(LOSSES_SCHEMA)
    await pool.query(before.replaceAll('ROLE', `${name}_owner`))
    return await work(pool, name)
  } finally {
    await pool.end()
  }
}

/** As on the command line on this machine: what may lose data takes an approval, which is not there. */
function ports(pool: Pool, approved: string | undefined): ApplyPorts {
  const authorise: ApplyPorts['authorise'] = async ({ risk, text }) => {
    if (risk === 'destructive' && text !== approved)
      throw new EsaError('approval.missing', 'terminal', 'not approved')
  }
  const requireApprovals: ApplyPorts['requireApprovals'] = async (steps) => {
    for (const step of steps) await authorise(step)
  }
  const ledger = targetLedger
  return {
    target: pool,
    ledger,
    by: 'ada',
    authorise,
    requireApprovals,
    clock: systemClock,
    random: () => 0.5,
  }
}

describe.each(servers.majors)('on %s', (major) => {
  it.each(LOSSES)(
    '$name keeps every row or names the approval',
    async ({ before = '', sql, shown, approved }) => {
      await inShop(major, before, async (pool, name) => {
        const kept = await stateOf(pool)
        const text = sql.replaceAll('ROLE', `${name}_owner`)
        const applying = applyMigration(
          await scriptMigration('0001.sql', `${MARKER}; ${text}`),
          ports(pool, approved && text),
        )
        const ended: Applied | EsaError = await applying.catch((error: unknown) => error as EsaError)
        expect(missing(kept, await stateOf(pool))).toEqual([])
        expect(isEsaError(ended) ? ended.code : ended).toMatch(
          /^(approval\.missing|migration\.opaque-alone)$/,
        )
        const { rows } = await pool.query<{ there: boolean }>(
          `select to_regclass('marker') is not null as there`,
        )
        expect(shown === true && rows[0]?.there).toBe(false)
      })
    },
  )

  it.each(NO_LOSSES)('$name runs without an approval', async ({ before = '', sql }) => {
    await inShop(major, before, async (pool) => {
      const kept = await stateOf(pool)
      const migration = await scriptMigration('0001.sql', `${MARKER}; ${sql}`)
      const { state, verification } = await applyMigration(migration, ports(pool, undefined))
      expect(state).toBe('done')
      expect(missing(kept, await stateOf(pool))).toEqual([])
      expect(verification?.state).toBe(
        /^(?:update|alter)/.test(sql) && !sql.includes('do $$') ? 'verified' : 'counted',
      )
    })
  })
})
