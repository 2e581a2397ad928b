import { beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { onOneSession } from '@esa/database-catalog/sql'
import { groundAt, type TestGround } from '../testing/ground.ts'
import { using } from './ground/ground.ts'
import { type Rehearsal, withRehearsal } from './open-rehearsal.ts'
import type { OwnLimits } from './sandbox-limits.ts'

const MB = 1024 ** 2

/** Longest that a limit may take to strike: it is looked at every second, and a busy machine is slow. */
const STRIKES_WITHIN_MS = 30_000

/** A busy machine takes seconds to make two databases. */
const BUSY = { timeout: 20_000, interval: 50 }

describe('a limit of the sandbox', () => {
  const server = ownServer()
  let ground: TestGround
  beforeAll(() => {
    ground = groundAt(server.adminUrl)
  })

  const trying = <T>(limits: OwnLimits, work: (rehearsal: Rehearsal) => Promise<T>) =>
    withRehearsal({ ground, id: 'limited', schema: null, limits }, work)
  /** What became of statements on one session, which may be taken away. */
  const fate = (rehearsal: Rehearsal, ...sql: string[]): Promise<string> =>
    onOneSession(rehearsal.queryable, async (session) => {
      for (const statement of sql) await session.query(statement)
    }).then(
      () => 'it ran',
      (error: unknown) => (error as Error).message,
    )
  const left = () =>
    using(ground.asAdmin(), async (admin) => {
      const { rows } = await admin.query(
        `select datname as name from pg_database where datname ~ '^esa_rehearsal' union all select rolname from pg_roles where rolname ~ '^sbx_'
         union all select usename from pg_stat_activity where usename ~ '^sbx_'`,
      )
      return rows
    })

  // Tables, a sort, one whose parts parallel workers share, and notices.
  it.each<[string, ...string[]]>([
    [
      'rows',
      `create table t as select repeat(md5(n::text), 30) from generate_series(1, 200000) n`,
      'select pg_sleep(60)',
    ],
    [
      'a sort',
      `declare c cursor with hold for select repeat(md5(n::text), 30) from generate_series(1, 200000) n`,
      'select pg_sleep(60)',
    ],
    [
      'a hash that workers share',
      'create table p as select n from generate_series(1, 400000) n; analyze p',
      `set work_mem = '64kB'; set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0;
       set enable_mergejoin = off; set enable_nestloop = off`,
      'select count(pg_sleep(a.n * 0.01 + b.n)) from p a join p b using (n)',
    ],
    [
      'notices',
      'listen x',
      `do $$ begin for n in 1..8000 loop perform pg_notify('x', n || repeat('x', 7900)); commit; end loop; perform pg_sleep(60); end $$`,
    ],
  ])(
    'of disk counts %s',
    async (_, ...sql) => {
      const limits = { ownBytes: 40 * MB }
      const began = performance.now()
      const ended = trying(limits, (rehearsal) => fate(rehearsal, ...sql))
      await expect(ended).rejects.toMatchObject({ code: 'rehearsal.disk', details: { maxBytes: 40 * MB } })
      expect(performance.now() - began).toBeLessThan(STRIKES_WITHIN_MS)
      expect(await left()).toEqual([])
    },
    30_000,
  )

  it('of time ends a statement whose script has switched the time-outs off', async () => {
    const said = await trying({ statementS: 1 }, (rehearsal) =>
      fate(rehearsal, 'set statement_timeout = 0; set transaction_timeout = 0', 'select pg_sleep(60)'),
    )
    expect(said).toBe('canceling statement due to user request')
  })

  it('of time ends the session of one that catches its cancelling', async () => {
    const stubborn = `do $$ begin for n in 1..60 loop begin perform pg_sleep(60); exception when query_canceled then null; end; end loop; end $$`
    const ended = trying({ statementS: 1 }, (rehearsal) => fate(rehearsal, stubborn))
    await expect(ended).rejects.toMatchObject({ code: 'rehearsal.time', details: { seconds: 1 } })
    expect(await left()).toEqual([])
  }, 50_000)

  it('lets two rehearsals run at a time: a third waits, and says so when it has waited too long', async () => {
    const [first, second, third] = [1, 2, 3].map(() => Promise.withResolvers<void>())
    const began: number[] = []
    const run = (nth: number, until: Promise<void>, placeWaitMs = 60_000) =>
      trying({ placeWaitMs }, async () => {
        began.push(nth)
        await until
      })
    const running = [run(1, first!.promise), run(2, second!.promise)]
    await expect.poll(() => began.length, BUSY).toBe(2)
    await expect(run(3, third!.promise, 300)).rejects.toMatchObject({
      code: 'rehearsal.busy',
      kind: 'transient',
    })
    expect(new Set(began)).toEqual(new Set([1, 2]))
    const waiting = run(4, third!.promise)
    first!.resolve()
    await expect.poll(() => began.length, BUSY).toBe(3)
    expect(began.at(-1)).toBe(4)
    for (const one of [second, third]) one!.resolve()
    await Promise.all([...running, waiting])
    expect(await left()).toEqual([])
  })
})
