import { describe, expect, it } from 'vitest'
import { advisePool } from './advise-pool.ts'
import type { ConnectionNumbers } from './measure-connections.ts'

const QUIET: ConnectionNumbers = {
  maxConnections: 100,
  reserved: 3,
  roleLimit: -1,
  databaseLimit: -1,
  pooled: false,
  seesOthers: true,
  samples: 25,
  windowMs: 5_000,
  openMax: 12,
  activeP95: 4,
  activeMax: 6,
  idleInTransactionMax: 0,
  idleInTransactionMs: null,
  longestTransactionMs: null,
  waitingForLocksMax: 0,
  idleInTransactionTimeoutMs: 0,
  statementTimeoutMs: 0,
}

describe('the pool of each process', () => {
  it('follows from the concurrency that was seen, twice for a burst', () => {
    expect(advisePool(QUIET, 1)).toMatchObject({ poolSize: 8, usable: 94 })
    expect(advisePool(QUIET, 4)).toMatchObject({ poolSize: 2 })
  })

  it('never takes more together than the server, the role and the database give', () => {
    for (const processes of [1, 3, 10, 30]) {
      for (const limit of [-1, 5, 20, 60]) {
        for (const activeP95 of [0, 3, 50, 90]) {
          const { poolSize, usable } = advisePool({ ...QUIET, roleLimit: limit, activeP95 }, processes)
          expect(poolSize! * processes).toBeLessThanOrEqual(Math.max(usable, processes))
          expect(poolSize).toBeGreaterThanOrEqual(1)
        }
      }
    }
  })

  it('says when more was wanted than there is, and what no size mends', () => {
    const crowded = {
      ...QUIET,
      activeP95: 80,
      idleInTransactionMax: 3,
      idleInTransactionMs: 40_000,
      waitingForLocksMax: 2,
    }
    const { because, poolSize } = advisePool(crowded, 2)
    expect(poolSize).toBe(47)
    expect(because.join('\n')).toMatch(
      /more than 47 each[^]*idled in a transaction, one for 40[^]*waited for a lock/,
    )
  })

  it('is not guessed by a role that does not see what others do', () => {
    const { poolSize, because } = advisePool({ ...QUIET, seesOthers: false })
    expect([poolSize, because[0]]).toEqual([null, expect.stringContaining('pg_read_all_stats')])
  })

  it('is free behind a pooler, and keeps time-outs that the server has', () => {
    const advice = advisePool({ ...QUIET, pooled: true, activeP95: 90, statementTimeoutMs: 5_000 }, 2)
    expect(advice).toMatchObject({
      poolSize: 90,
      statementTimeoutMs: 5_000,
      idleInTransactionTimeoutMs: 10_000,
    })
    expect(advice.because.join()).toContain('no prepared statements')
  })
})
