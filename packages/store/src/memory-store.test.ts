import { describe, expect, it } from 'vitest'
import { createMemoryStore, type MemoryFaults } from './memory-store.ts'
import { storeContract } from '../testing/store-contract.ts'
import { opening, put, type StoreHarness, timerAt } from '../testing/store-contract-rows.ts'
import type { Store } from './store.ts'

const START = 1_700_000_000_000

/** A store on a clock that the test turns, with numbers that repeat. */
function memory(faults: MemoryFaults = {}): { store: Store; turn: (ms: number) => void } {
  let now = START
  const store = createMemoryStore({ clock: { now: () => now }, random: () => 0.5, faults })
  return { store, turn: (ms) => (now += ms) }
}

async function createHarness(): Promise<StoreHarness> {
  let lose = false
  const afterCommit = (): void => {
    if (!lose) return
    lose = false
    throw new Error('the line went dead')
  }
  const { store, turn } = memory({ afterCommit })
  return {
    store,
    hears: true,
    second: async () => store,
    pass: async (ms) => turn(ms),
    loseNextCommit: () => (lose = true),
    close: () => store.close(),
  }
}

describe('the store in memory', () => {
  storeContract(createHarness)

  it('is due from the first ms past the deadline, and not at it', async () => {
    const { store, turn } = memory()
    await put(store, { actors: [opening('a', { timer: timerAt(START) })] })
    expect(await store.due(1)).toEqual({ ids: [], nowMs: START, nextDueAt: START })
    turn(0.9)
    expect((await store.due(1)).ids).toEqual([])
    turn(0.1)
    expect(await store.due(1)).toEqual({ ids: ['a'], nowMs: START + 1, nextDueAt: null })
  })

  it('finds the next deadlines among many that moved, as a sorted list would', async () => {
    const { store, turn } = memory()
    const dueAts = Array.from({ length: 200 }, (_, index) => START + ((index * 7_919) % 211))
    await put(store, {
      actors: dueAts.map((dueAt, index) => opening(`a${index}`, { timer: timerAt(dueAt) })),
    })
    for (const ms of [50, 50, 50, 61, 1]) {
      turn(ms)
      const { ids, nowMs, nextDueAt } = await store.due(500)
      const expected = dueAts.filter((dueAt) => dueAt < nowMs).sort((one, other) => one - other)
      expect(ids.map((id) => dueAts[Number(id.slice(1))])).toEqual(expected)
      const later = dueAts.filter((dueAt) => dueAt >= nowMs)
      expect(nextDueAt).toBe(later.length === 0 ? null : Math.min(...later))
    }
  })

  it('aborts with the error of the fault before a commit', async () => {
    const fault = new Error('killed')
    let broken = true
    const { store } = memory({
      beforeCommit: () => {
        if (broken) throw fault
      },
    })
    await expect(put(store, { actors: [opening('a', {}, 'k')] })).rejects.toBe(fault)
    broken = false
    expect(await store.readActor('a')).toBeNull()
    await put(store, { actors: [opening('a', {}, 'k')] })
  })

  it('takes no statement when its transaction is over', async () => {
    const { store } = memory()
    const tx = await store.transact(async (tx) => tx)
    await expect(tx.env()).rejects.toMatchObject({ code: 'store.ended', kind: 'bug' })
  })

  it('repeats its id from the same clock and numbers', async () => {
    expect(await memory().store.runtime()).toEqual(await memory().store.runtime())
  })
})
