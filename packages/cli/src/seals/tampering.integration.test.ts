import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkSeals } from './check-seals.ts'
import { CHANGES } from './log-changes.fixture.ts'
import { sealedWorld, type SealedWorld } from './sealed-world.fixture.ts'
import { Sealer } from './sealer.ts'

let world: SealedWorld

beforeAll(async () => {
  world = await sealedWorld()
})
afterAll(() => world.close())

describe('a log and its seals, as they were left', () => {
  it('are in order', async () => {
    const copy = await world.copy()
    expect(await copy.byVerifyAlone()).toEqual([])
    expect(await copy.byWorker()).toEqual({ hourly: [], daily: [] })
    expect(await checkSeals(copy.at)).toMatchObject({ checked: 7, ahead: [] })
    await copy.close()
  })

  it('are in order while a database that was never sealed has none', async () => {
    const copy = await world.copy({ database: 'before', home: 'before' })
    expect(await checkSeals(copy.at)).toBeNull()
    await copy.close()
  })
})

describe('a worker finds by itself who', () => {
  it.each(CHANGES)('$what', async ({ from, alone, when, of, change }) => {
    const copy = await world.copy(from ?? {})
    try {
      await change(copy, world.ids, world)
      const { hourly, daily } = await copy.byWorker()
      const found = { hour: hourly.map(({ id }) => id), day: daily.map(({ id }) => id) }
      expect(found[when]).toContain(of(world.ids))
      expect(found.hour.length > 0).toBe(when === 'hour')
      expect((await copy.byVerifyAlone()).length > 0).toBe(alone)
      // What was found is not sealed over: it is still there after the next seal.
      await new Sealer(copy.at).seal((await checkSeals(copy.at))?.ahead).catch(() => {})
      const later = await copy.byWorker()
      expect([...later.hourly, ...later.daily].map(({ id }) => id)).toContain(of(world.ids))
    } finally {
      await copy.close()
    }
  })

  it('puts the database and the home back together, while a worker runs', async () => {
    const copy = await world.copy()
    expect(await checkSeals(copy.at)).toMatchObject({ broken: [] })
    const back = await world.copy({ database: 'old', home: 'old' })
    await rm(join(copy.home, 'seals.jsonl'))
    await cp(join(back.home, 'seals.jsonl'), join(copy.home, 'seals.jsonl'))
    const found = await checkSeals({ ...copy.at, databaseUrl: back.url })
    expect(found?.broken).toMatchObject([{ id: 'seals', why: expect.stringContaining('are gone') }])
    await copy.close()
    await back.close()
  })
})
