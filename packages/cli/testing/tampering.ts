import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openIncident } from '@esa/operations'
import { readConfig } from '../src/config.ts'
import { inWorld } from '../src/world.ts'
import { checkSeals } from '../src/seals/check-seals.ts'
import { CHANGES } from './log-changes.ts'
import { type SealedCopy, sealedWorld, type SealedWorld } from './sealed-world.ts'
import { SealFile } from '../src/seals/seal-file.ts'
import { Sealer } from '../src/seals/sealer.ts'

/** Every change of the corpus to a sealed log on one server, and what a worker finds of it. */
export function tamperings(on: 'embedded' | 'other'): void {
  let world: SealedWorld

  beforeAll(async () => {
    world = await sealedWorld(on)
  })
  afterAll(() => world.close())

  leftAlone(() => world)
  changed(() => world)
}

function leftAlone(world: () => SealedWorld): void {
  describe('a log and its seals, as they were left', () => {
    it('are in order', async () => {
      const copy = await world().copy()
      expect(await copy.byVerifyAlone()).toEqual([])
      expect(await copy.byWorker()).toEqual({ hourly: [], daily: [] })
      expect(await checkSeals(copy.at)).toMatchObject({ checked: 7, ahead: [] })
      await copy.close()
    })

    it('are in order after several workers of one home sealed at once', async () => {
      const copy = await world().copy()
      const workers = Array.from(
        { length: 3 },
        () => new Sealer({ ...copy.at, file: new SealFile(copy.home) }),
      )
      const before = (await copy.at.file.read()).last!.n
      for (const title of ['one', 'two']) {
        await inWorld(readConfig({ home: copy.home, databaseUrl: copy.url }, {}), (inside) =>
          openIncident(inside, { agent: 'layer-1', category: 'integration', title }),
        )
        const sealed = await Promise.all(workers.map((worker) => worker.seal([])))
        expect(sealed.flatMap(({ broken }) => broken)).toEqual([])
      }
      const book = await new SealFile(copy.home).read({ whole: true })
      expect([book.faults, book.last?.n]).toEqual([[], before + 6])
      expect(await copy.byWorker()).toEqual({ hourly: [], daily: [] })
      await copy.close()
    })

    it('are in order after worker upon worker died between the file and the database', async () => {
      const copy = await world().copy()
      for (let death = 0; death < 3; death++) {
        const { last } = await copy.at.file.read()
        await refuseSealsAfter(copy, last!.n)
        const worker = new Sealer({ ...copy.at, file: new SealFile(copy.home) })
        await expect(worker.seal()).rejects.toThrow('the worker is dead')
        expect(await copy.byWorker()).toEqual({ hourly: [], daily: [] })
      }
      await copy.close()
    })

    it('are in order while a database that was never sealed has none', async () => {
      const copy = await world().copy({ database: 'before', home: 'before' })
      expect(await checkSeals(copy.at)).toBeNull()
      await copy.close()
    })
  })
}

function changed(world: () => SealedWorld): void {
  describe('a worker finds by itself who', () => {
    it.each(CHANGES)('$what', async ({ from, alone, when, of, change }) => {
      const copy = await world().copy(from ?? {})
      try {
        await change(copy, world().ids, world())
        const { hourly, daily } = await copy.byWorker()
        const found = { hour: hourly.map(({ id }) => id), day: daily.map(({ id }) => id) }
        expect(found[when]).toContain(of(world().ids))
        expect(found.hour.length > 0).toBe(when === 'hour')
        expect((await copy.byVerifyAlone()).length > 0).toBe(alone)
        // What was found is not sealed over: it is still there after the next seal.
        await new Sealer(copy.at).seal((await checkSeals(copy.at))?.ahead).catch(() => {})
        const later = await copy.byWorker()
        expect([...later.hourly, ...later.daily].map(({ id }) => id)).toContain(of(world().ids))
      } finally {
        await copy.close()
      }
    })

    it('puts the database and the home back together, while a worker runs', async () => {
      const copy = await world().copy()
      expect(await checkSeals(copy.at)).toMatchObject({ broken: [] })
      const back = await world().copy({ database: 'old', home: 'old' })
      await rm(join(copy.home, 'seals.jsonl'))
      await cp(join(back.home, 'seals.jsonl'), join(copy.home, 'seals.jsonl'))
      const found = await checkSeals({ ...copy.at, databaseUrl: back.url })
      expect(found?.broken).toMatchObject([{ id: 'seals', why: expect.stringContaining('are gone') }])
      await copy.close()
      await back.close()
    })
  })
}

/** Records in the database seals up to this one: a worker that wrote the next one to the file died then. */
async function refuseSealsAfter({ admin }: SealedCopy, n: number): Promise<void> {
  await admin.query(`create or replace function public.dead() returns trigger language plpgsql as
    $$ begin if new.n > ${n} then raise 'the worker is dead'; end if; return new; end $$`)
  await admin.query(
    'create or replace trigger dead before insert or update on esa.sealers for each row execute function dead()',
  )
}
