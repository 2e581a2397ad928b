import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureEmbeddedServer } from '@esa/pg-server'
import type { MigrationPlan } from '@esa/database-migrations/plan'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EsaHome, type Ran } from '@esa/test/testing'

let esa: EsaHome
let shop: NodeJS.ProcessEnv
const path = (name: string): string => join(esa.folder, name)

const OLD = 'create table orders (id int primary key, total int not null, note text)'
const NEW = 'create table orders (id int primary key, amount bigint not null, note text)'

beforeAll(async () => {
  esa = await EsaHome.create()
  shop = { SHOP_URL: (await ensureEmbeddedServer({ home: esa.home })).url }
  await writeFile(path('old.sql'), OLD)
  await writeFile(path('new.sql'), NEW)
  await writeFile(path('policy.sql'), `${OLD}; create policy p on orders using (true)`)
  await writeFile(path('change.sql'), 'create table plan_e2e (id int primary key)')
  await writeFile(path('broken.sql'), 'create table orders (\n  id nothing)')
})

afterAll(() => esa.remove())

const plan = (...args: string[]): Promise<Ran> => esa.run(['db', 'migrate', 'plan', ...args], shop)

describe('esa db migrate plan', () => {
  it('answers with phases, and writes them', async () => {
    const ran = await plan(
      path('old.sql'),
      path('new.sql'),
      '--rename',
      'orders.total=amount',
      '--write',
      path('out'),
      '--json',
    )
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('written to')])
    const told = JSON.parse(ran.stdout) as MigrationPlan
    expect(told.changes.map(({ kind }) => kind)).toEqual(['rename-column', 'change-type'])
    expect(told.phases.map(({ name }) => name)).toEqual([
      'expand',
      'backfill',
      'validate',
      'switch',
      'contract',
    ])
    expect(told.unplanned).toEqual([])
    expect(await readdir(path('out'))).toContain('4-switch.rollback.sql')
    expect(JSON.parse(await readFile(path('out/plan.json'), 'utf8'))).toEqual(told)
  })

  it('begins with a target', async () => {
    const ran = await plan(path('change.sql'), '--target', 'env:SHOP_URL', '--json')
    const told = JSON.parse(ran.stdout) as MigrationPlan
    expect([ran.code, told.changes.map(({ kind }) => kind)]).toEqual([0, ['add-table']])
  })

  it('ends with 1 when something is not planned', async () => {
    const ran = await plan(path('old.sql'), path('policy.sql'))
    expect([ran.code, ran.stdout]).toEqual([1, expect.stringContaining('not planned policy public.orders.p')])
  })

  it.each([
    ['a file that is not there', ['nowhere.sql'], 4, 'file.unreadable'],
    ['a schema that does not run', ['broken.sql'], 2, 'sql.schema-failed'],
    ['a rename of nothing', ['new.sql', '--rename', 'orders.gone=x'], 2, 'usage.hint'],
    ['hints that are none', ['new.sql', '--hints', 'old.sql'], 2, 'usage.plan'],
  ])('refuses %s', async (_, args, code, error) => {
    const given = args.map((arg) => (arg.endsWith('.sql') ? path(arg) : arg))
    const ran = await plan(path('old.sql'), ...given, '--json')
    expect([ran.code, ran.stdout]).toEqual([code, ''])
    expect(ran.stderr).toContain(`"code":"${error}"`)
  })
})
