import { EsaError } from '@esa/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '@esa/database-catalog/sql'
import { ownServer } from '@esa/database-catalog/testing'
import type { BackfillStep } from '../plan/model/plan.ts'
import { applyMigration, type ApplyPorts } from './apply-migration.ts'
import { scriptMigration } from '../plan/steps/migration.ts'
import { Shop } from '../../testing/shop.ts'
import type { Migration } from '../plan/steps/step.ts'

const server = ownServer()
let shop: Shop

beforeEach(async () => {
  shop = await Shop.open(server)
  // Pages are full but for the first ones, into which rows move when they are written.
  await shop.pool.query(`create table heap (n int, note text, a int);
    insert into heap select n, repeat('x', 500) from generate_series(1, 3000) n;
    delete from heap where ctid < '(60,0)'`)
  await shop.pool.query('vacuum heap')
})
afterEach(() => shop.pool.end())

const STEP: BackfillStep = {
  kind: 'backfill',
  id: 'backfill-1',
  about: 'fill',
  locks: [],
  relation: 'public.heap',
  key: [{ column: 'ctid', type: 'tid' }],
  sql: 'update public.heap as t set a = case when t.n < 2000 then 1 end where $RANGE and t.a is null',
  fills: ['public.heap.a'],
  batchRows: 1_000,
}

async function fill(more: Partial<ApplyPorts> = {}, made?: string): Promise<void> {
  const step = { id: STEP.id, hash: '', text: '', about: 'fill', phase: null, risk: 'major' as const }
  const work = { kind: 'backfill' as const, step: STEP }
  const before = made === undefined ? [] : (await scriptMigration('0', made)).steps
  const migration: Migration = {
    id: 'p',
    hash: '',
    steps: [...before, { ...step, work }],
    held: [],
    down: null,
  }
  await applyMigration(migration, shop.ports(more))
}

it('a row without a key that moves behind the walk is filled as well', async () => {
  const moves = `update heap set note = note || 'y' where n = 1990 returning ctid::text`
  let [filled, moved] = [false, '']
  await fill({
    onEvent: ({ type }) => void (filled ||= type === 'filled'),
    clock: {
      now: systemClock.now,
      pause: async (ms) => {
        if (filled && moved === '') moved = String(await shop.one(moves))
        await systemClock.pause(Math.min(ms, 1))
      },
    },
  })
  expect(moved).toMatch(/^\([1-5]?\d,/)
  expect(await shop.one('select count(*)::int from heap where a is null and n < 2000')).toBe(0)
})

it('rows without a key that are given NULL are not met for ever', async () => {
  let filled = 0
  await fill({ onEvent: (event) => void (filled = event.type === 'filled' ? event.filled.rows : filled) })
  const [rows, empty] = [
    await shop.one('select count(*)::int from heap'),
    await shop.one('select count(*)::int from heap where a is null'),
  ]
  // Once each, and what is NULL again once or twice more; some are moved to where the same walk meets them.
  expect(filled).toBeLessThan(Number(rows) + 3 * Number(empty))
})

it.each([
  [
    'partitions',
    'create table parent (n int, note text, a int) partition by range (n)',
    'partition of parent for values from (0) to (9000)',
  ],
  [
    'children',
    'create table parent (n int, note text, a int); insert into parent values (0)',
    '() inherits (parent)',
  ],
])('rows without a key are filled in %s', async (_, parent, child) => {
  await shop.pool.query(`${parent}; create table child ${child}; insert into child select * from heap;
    alter table heap rename to old; alter table parent rename to heap`)
  await fill()
  expect(await shop.one('select count(*)::int from heap where a is null and n < 2000')).toBe(0)
})

describe('a batch that takes more than it fills', () => {
  const before = `create table audit (n int); insert into audit select generate_series(1, 9);
    create function hear() returns trigger language plpgsql as $$ begin`
  const after = ` return null; end $$; create trigger t after update on heap for each row execute function hear()`
  const refuses: ApplyPorts['authorise'] = async ({ text }) => {
    if (text.includes('-- measured: ')) throw new EsaError('approval.missing', 'terminal', text)
  }
  const left = async () => [
    await shop.one('select count(*)::int from audit'),
    await shop.one('select count(*)::int from heap where a is not null'),
  ]

  it('is rolled back, takes an approval, and goes on from its place with it', async () => {
    await shop.pool.query(`${before} delete from audit where new.n > 2900;${after}`)
    await expect(fill({ authorise: refuses })).rejects.toMatchObject({
      code: 'approval.missing',
      details: { measured: ['rows of public.audit are deleted, in batches'] },
    })
    const [rows, filled] = await left()
    expect([rows, Number(filled) > 0]).toEqual([9, true])
    const known: string[] = []
    await fill({ requireApprovals: async (steps) => void known.push(...steps.map(({ text }) => text)) })
    expect(known).toEqual([
      expect.stringContaining('-- measured: rows of public.audit are deleted, in batches'),
    ])
    expect((await left())[0]).toBe(0)
    expect(await shop.one('select count(*)::int from heap where a is null and n < 2000')).toBe(0)
  })

  it('but not where the rows that a trigger touches stay the same', async () => {
    await shop.pool.query(`${before} update audit set n = n where n = 1;${after}`)
    await fill({ authorise: refuses })
    expect(await shop.one('select count(*)::int from heap where a is null and n < 2000')).toBe(0)
  })

  it('and not in a table that the migration made itself', async () => {
    const mirror = `insert into public.mirrored values (new.n % 9, 1) on conflict (n) do update set times = mirrored.times + 1;`
    await shop.pool.query(`${before} ${mirror}${after}`)
    await fill({ authorise: refuses }, 'create table public.mirrored (n int primary key, times int)')
    expect(await shop.one('select max(times) from mirrored')).toBeGreaterThan(100)
  })
})
