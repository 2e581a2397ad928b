import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  connectPool,
  createDatabase,
  dropDatabase,
  ensureEmbeddedServer,
  stopEmbeddedServer,
  withDatabase,
} from '@esa/pg-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RehearsalGround } from './ground.ts'
import { withRehearsal } from './open-rehearsal.ts'

describe('a rehearsal', () => {
  let home: string
  let ground: RehearsalGround
  let names: () => Promise<string[]>

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'esa-rehearsal-'))
    const { adminUrl } = await ensureEmbeddedServer({ home })
    ground = {
      createDatabase: async (name) => void (await createDatabase(adminUrl, name)),
      dropDatabase: async (name) => void (await dropDatabase(adminUrl, name)),
      open: async (name, max = 4) => {
        const pool = await connectPool(withDatabase(adminUrl, name), { max })
        return { queryable: pool, close: () => pool.end() }
      },
    }
    names = async () => {
      const { queryable, close } = await ground.open('postgres')
      const { rows } = await queryable.query('select datname from pg_database')
      await close()
      return rows.map(({ datname }) => datname as string)
    }
  })
  afterAll(async () => {
    await stopEmbeddedServer({ home, mode: 'immediate' })
    await rm(home, { recursive: true, force: true })
  })

  it('has the schema, and is gone afterwards, also when the work fails', async () => {
    const schema = { sql: 'create table orders (id int primary key); insert into orders values (7)' }
    const found = await withRehearsal({ ground, id: 'one', schema }, async ({ queryable, name }) => {
      expect(await names()).toContain(name)
      return (await queryable.query('select id from orders')).rows
    })
    expect(found).toEqual([{ id: 7 }])
    const fails = withRehearsal({ ground, id: 'two', schema: null }, () => Promise.reject(new Error('no')))
    await expect(fails).rejects.toThrow('no')
    expect((await names()).filter((name) => name.startsWith('esa_rehearsal_'))).toEqual([])
  })
})
