import { mapPgError } from '@esa/pg-server'
import { EsaError } from '@esa/protocol'
import type { Pool } from 'pg'
import { withPool } from './with-pool.ts'

/** Where a runtime's database is. `system` is what the server calls itself, null where it does not tell. */
export interface Place {
  /** How its clients reach it, as the composition root words it. */
  address: string
  database: string
  system: string | null
}

/** Where a database is, and where its runtime is at home; `atHome` false says that this is a copy until an operator decides. */
export interface Residence {
  here: Place
  places: Place[]
  atHome: boolean
}

/**
 * Compares where a database is with where its runtime was at home last. With `claim`, a runtime that has no home yet is
 * at home here from now on. @throws EsaError of the database.
 */
export async function residence(url: string, address: string, { claim = false } = {}): Promise<Residence> {
  return await withPool(url, 'places', async (pool) => {
    const here = await placeOf(pool, address)
    if (claim) await pool.query(`update esa.runtime set places = $1 where places = '[]'`, [json([here])])
    const places = await readPlaces(pool)
    return { here, places, atHome: places.length === 0 || places.some((place) => isSame(place, here)) }
  })
}

/**
 * Makes the runtime at home where its database is. `as: 'copy'` makes it a world of its own: it gets another id, so that it
 * never shares queues with the world that it was copied from. `as: 'same'` adds one more way to the same database.
 */
export async function settle(url: string, address: string, as: 'copy' | 'same'): Promise<Residence> {
  return await withPool(url, 'places', async (pool) => {
    const here = await placeOf(pool, address)
    const change =
      as === 'copy' ? 'places = $1, id = gen_random_uuid()::text' : 'places = places || $1::jsonb'
    await pool.query(`update esa.runtime set ${change}`, [json([here])])
    return { here, places: await readPlaces(pool), atHome: true }
  })
}

async function placeOf(pool: Pool, address: string): Promise<Place> {
  const { rows } = await pool.query<{ database: string }>('select current_database() as database')
  return { address, database: rows[0]!.database, system: await systemOf(pool) }
}

/** A physical copy keeps this number, a restored dump does not. Some providers do not let it be read. */
async function systemOf(pool: Pool): Promise<string | null> {
  try {
    const { rows } = await pool.query<{ id: string }>(
      'select system_identifier::text as id from pg_control_system()',
    )
    return rows[0]!.id
  } catch (error) {
    const { code } = mapPgError(error)
    if (code === 'database.permission' || code === 'database.schema') return null
    throw error
  }
}

async function readPlaces(pool: Pool): Promise<Place[]> {
  const { rows } = await pool.query<{ places: Place[] }>('select places from esa.runtime')
  if (rows[0] !== undefined) return rows[0].places
  throw new EsaError('store.no-runtime', 'terminal', 'the database names no runtime', {
    hint: 'run: esa migrate',
  })
}

function isSame(one: Place, other: Place): boolean {
  const systems = one.system === null || other.system === null || one.system === other.system
  return systems && one.address === other.address && one.database === other.database
}

function json(places: Place[]): string {
  return JSON.stringify(places)
}
