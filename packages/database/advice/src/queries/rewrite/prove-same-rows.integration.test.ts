import type { Pool } from 'pg'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { inJudged, ON_COPY } from '@esa/database-catalog/guard'
import { ownServer } from '@esa/database-catalog/testing'
import { proveSameRows, type RowProof } from './prove-same-rows.ts'
import { tableFacts } from './table-facts.ts'

const server = ownServer()
let pool: Pool

beforeAll(async () => {
  pool = await server.database('compared', `create type size as enum ('small', 'large')`)
})

/** Two forms of a question about `t`, in which no NULL is yet. */
async function prove(columns: string, values: string, a: string, b: string): Promise<RowProof> {
  await pool.query(
    `create table t (${columns}); insert into t select ${values} from generate_series(1, 900) i`,
  )
  onTestFinished(async () => void (await pool.query('drop table t')))
  return inJudged(pool, { timeoutMs: 5_000, terms: ON_COPY }, async (session) => {
    const tables = await tableFacts(session, ['t'])
    return proveSameRows(session, a, b, { tables, on: ['nulls', 'empty'] })
  })
}

const NOT_IN = 'select 1 where 0 not in (select y from t)'
const NOT_EXISTS = 'select 1 where not exists (select from t where y = 0)'

describe('rows with NULLs', () => {
  it.each([
    ['a uuid', 'id uuid primary key, y int', 'gen_random_uuid(), i'],
    ['a text', 'id text primary key, y int', `'t' || i, i`],
    ['a short text', 'id varchar(6) primary key, y int', `'t' || i, i`],
    ['a date', 'id date primary key, y int', `date '2025-01-01' + i, i`],
    ['a moment', 'id timestamptz(3) primary key, y int', "now() + i * interval '1 s', i"],
    ['a number', 'id numeric(9) primary key, y int', 'i, i'],
    ['two, one of them possible', 'a size, id int, y int, primary key (a, id)', `'small', i, i`],
    ['may be NULL itself', 'y int unique', 'i'],
    ['may be NULL, and cannot be made', 'id inet unique, y int', `'10.0.0.0'::inet + i, i`],
  ])('tell two forms apart where the key is %s', async (_, columns, values) => {
    expect(await prove(columns, values, NOT_IN, NOT_EXISTS)).toMatchObject({
      same: false,
      differedOn: 'nulls',
    })
  })

  it.each([
    ['uuid', 'gen_random_uuid()'],
    ['text', `'t' || i`],
    ['varchar(6)', `'t' || i`],
    ['char(9)', `'t' || i`],
    ['date', `date '2025-01-01' + i`],
    ['timestamp', `timestamp '2025-01-01' + i * interval '1 s'`],
    ['numeric', 'i'],
    ['smallint', 'i'],
    ['double precision', 'i'],
  ])('have keys of %s without duplicates', async (type, value) => {
    const columns = `id ${type} primary key, a int, b int`
    const proof = await prove(columns, `${value}, i, i`, 'select id from t', 'select distinct id from t')
    expect(proof).toEqual({ same: true, rows: null, compared: ['nulls', 'empty'] })
  })

  it.each(['inet', 'varchar(3)', 'numeric(3)'])(
    'are not made where no key of %s can be, and nothing is proven then',
    async (type) => {
      const value = type === 'inet' ? `'10.0.0.0'::inet + i` : 'i'
      expect(await prove(`id ${type} primary key, y int`, value + ', i', NOT_IN, NOT_EXISTS)).toMatchObject({
        same: false,
        compared: ['empty'],
      })
    },
  )
})
