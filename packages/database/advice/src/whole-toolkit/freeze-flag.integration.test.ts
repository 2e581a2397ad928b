import { connectPool, createDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { requireThawed } from '@esa/database-migrations/apply'
import { freezeDatabase, readFreeze, thawDatabase } from '@esa/database-catalog/guard'
import { reviewSchema } from '../review/schema/review-schema.ts'

const server = ownServer()
let owner: Pool
let agent: Pool

beforeAll(async () => {
  const { adminUrl } = server
  const url = await createDatabase(adminUrl, 'frozen')
  owner = await connectPool(url, { max: 3 })
  // What `db grants` gives who migrates: it makes objects of its own and owns no flag.
  await owner.query(`create role migrator login password 'secret'; grant all on database frozen to migrator`)
  const own = new URL(url)
  own.username = 'migrator'
  own.password = 'secret'
  agent = await connectPool(own.href, { max: 2 })
})
afterAll(async () => {
  await agent.end()
  await owner.end()
})

describe('the flag of a freeze', () => {
  it('stops what is applied, says why, and is lifted by who owns it', async () => {
    expect([await readFreeze(agent), await thawDatabase(owner)]).toEqual([null, null])
    await requireThawed(agent)
    await freezeDatabase(owner, { reason: 'rows are missing', by: 'agent-0' })
    expect(await readFreeze(agent)).toMatchObject({ reason: 'rows are missing', by: 'agent-0' })
    await expect(requireThawed(agent)).rejects.toMatchObject({ code: 'migration.frozen' })
    await freezeDatabase(owner, { reason: 'still', by: 'Ada' })
    expect(await thawDatabase(owner)).toMatchObject({ reason: 'still', by: 'Ada' })
    await requireThawed(agent)
  })

  it('is not part of the schema: no review of the schema sees it', async () => {
    await freezeDatabase(owner, { reason: 'rows are missing', by: 'agent-0' })
    expect(await reviewSchema(owner)).toEqual([])
  })

  it.each([
    'delete from esa_control.freeze',
    'truncate esa_control.freeze',
    `update esa_control.freeze set reason = ''`,
    'drop table esa_control.freeze',
    'drop schema esa_control cascade',
    'alter table esa_control.freeze rename to thawed',
    'alter schema esa_control rename to thawed',
    `insert into esa_control.freeze (reason, by) values ('x', 'y')`,
    'create table esa_control.other (id int)',
  ])('is not written by who migrates: %s', async (sql) => {
    await freezeDatabase(owner, { reason: 'rows are missing', by: 'agent-0' })
    await expect(agent.query(sql)).rejects.toMatchObject({ code: expect.stringMatching(/^42501$/) })
    await expect(thawDatabase(agent)).rejects.toMatchObject({ code: 'database.permission' })
    await expect(freezeDatabase(agent, { reason: 'x', by: 'y' })).rejects.toMatchObject({
      code: 'database.permission',
    })
    expect(await readFreeze(agent)).toMatchObject({ reason: 'rows are missing' })
  })
})
