import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Approval } from '@esa/escalation'
import { createDatabase, ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '@esa/runtime/testing'
import { EsaHome, type Problem, says } from './run-esa.ts'

const DROP = 'drop table old_orders'

let esa: EsaHome
let shop: pg.Client
let tokens: Record<'asker' | 'operator' | 'chief' | 'young' | 'service', string>
let worker: ReturnType<EsaHome['start']>

beforeAll(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
  const { url } = await ensureEmbeddedServer(esa)
  const shopUrl = await createDatabase(url, 'approvals_shop')
  shop = new pg.Client({ connectionString: shopUrl })
  await shop.connect()
  await esa.json('targets', 'add', 'shop', shopUrl)
  for (const file of ['drop.sql', 'again.sql']) await writeFile(join(esa.folder, file), `${DROP};\n`)
  await writeFile(join(esa.folder, 'other.sql'), 'drop table orders;\n')
  const token = async (as: string, person: string) => {
    const args = ['tokens', 'create', '--as', as, '--scope', 'incidents:write', '--person', person]
    const made = await esa.json<{ token: string }>(...args)
    return made.token
  }
  const person = async (name: string, as: string) => {
    const { link } = await esa.json<{ link: string }>('accounts', 'add', name, '--as', as)
    return (await esa.json<{ token: string }>('login', link)).token
  }
  tokens = {
    asker: await token('layer-1', 'a deploy script'),
    operator: await person('Bea', 'operator'),
    chief: await person('Cem', 'chief-1'),
    service: await token('operator', 'a robot'),
    young: '',
  }
  // Two days pass for both persons: their accounts are moved back by the owner of the database, which is the only way.
  await withOwner(url, `update esa.accounts set created_at = created_at - 172800000`)
  tokens.young = await person('Dan', 'operator')
  // A person holds the chief's seat, so that every approval here is a person's.
  await esa.json('agents', 'seat', 'chief-1', '--human')
  worker = esa.start(['up'])
  await says(worker, 'ready in ')
})
afterAll(async () => {
  worker.kill('SIGTERM')
  await once(worker, 'exit')
  await shop.end()
  await esa.remove()
})

async function withOwner(url: string, sql: string): Promise<void> {
  const owner = new pg.Client({ connectionString: url })
  await owner.connect()
  await owner.query(sql)
  await owner.end()
}

/** Runs a command that must end with a code; gives what it said. */
async function run(
  args: string[],
  token?: string,
): Promise<{ code: number | null; said: Approval & Problem }> {
  const { code, stdout, stderr } = await esa.run(
    [...args, '--json'],
    token === undefined ? {} : { ESA_TOKEN: token },
  )
  // Progress of an apply comes before the problem.
  return {
    code,
    said: JSON.parse(code === 0 ? stdout : stderr.trim().split('\n').at(-1)!) as Approval & Problem,
  }
}

async function ask(file = 'drop.sql'): Promise<Approval> {
  const args = [
    'db',
    'approvals',
    'ask',
    '--target',
    'shop',
    '--because',
    'unused',
    '--file',
    join(esa.folder, file),
  ]
  const { said } = await run(args, tokens.asker)
  return (said as unknown as { approvals: [Approval] }).approvals[0]
}

const approve = (id: string, as: string, token?: string, more: string[] = []) =>
  run(['db', 'approvals', 'approve', id, '--as', as, ...more], token)

const apply = (file = 'drop.sql') =>
  run(['db', 'migrate', 'apply', join(esa.folder, file), '--target', 'shop'])

const tables = async (): Promise<string[]> =>
  (
    await shop.query<{ name: string }>(
      `select relname as name from pg_class where relname in ('orders', 'old_orders') order by 1`,
    )
  ).rows.map(({ name }) => name)

describe('a statement that may lose data', () => {
  beforeAll(() =>
    shop.query('create table if not exists old_orders (id int); create table if not exists orders (id int)'),
  )

  it('does not run without a request, nor with one approval, for any caller', async () => {
    const unasked = await apply()
    expect([unasked.code, unasked.said.code]).toEqual([5, 'approval.missing'])
    expect(unasked.said.hint).toContain('esa db approvals ask --target shop')
    const { id } = await ask()
    expect((await approve(id, 'operator', tokens.operator)).said.status).toBe('partly')
    expect((await apply()).said.code).toBe('approval.missing')
    expect(await tables()).toEqual(['old_orders', 'orders'])
    expect((await run(['db', 'approvals', 'withdraw', id, '--as', 'layer-1'], tokens.asker)).code).toBe(0)
  })

  it('is named with all others before the first runs, requested with them, and what it did beyond its words too', async () => {
    const many = join(esa.folder, 'many.sql')
    const hidden = "do $$ begin execute 'delete from old_orders'; end $$"
    await writeFile(
      many,
      `create table marker (i int);\ndrop table orders;\n${hidden};\ndelete from orders;\n`,
    )
    const both = await apply('many.sql')
    expect([both.code, both.said.code]).toEqual([5, 'approval.missing'])
    expect(both.said).toMatchObject({
      hint: expect.stringContaining('esa db approvals ask --target shop --migration') as string,
      details: { missing: [{ statement: 'drop table orders' }, { statement: 'delete from orders' }] },
    })
    expect((await shop.query(`select to_regclass('marker') as marker`)).rows).toEqual([{ marker: null }])
    const ask = ['db', 'approvals', 'ask', '--target', 'shop', '--because', 'unused', '--migration']
    const asked = await run([...ask, many], tokens.asker)
    const { approvals } = asked.said as unknown as { approvals: Approval[] }
    expect(approvals.map(({ statement }) => statement)).toEqual(['drop table orders', 'delete from orders'])
    expect(approvals.map(({ facts }) => [facts.locks, facts.calls, facts.rollback])).toEqual([
      [['AccessExclusiveLock on public.orders'], [], false],
      // Tried after the table is gone, it fails: its locks are unknown.
      [null, [], false],
    ])
    for (const { id } of approvals)
      await run(['db', 'approvals', 'withdraw', id, '--as', 'layer-1'], tokens.asker)
    await shop.query('insert into old_orders values (1)')
    await writeFile(join(esa.folder, 'hidden.sql'), `${hidden};\n`)
    const measured = await apply('hidden.sql')
    expect([measured.code, measured.said.code]).toEqual([5, 'approval.missing'])
    expect((await shop.query('select id from old_orders')).rows).toEqual([{ id: 1 }])
    const again = await run([...ask, join(esa.folder, 'hidden.sql'), '--copy-rows'], tokens.asker)
    const [one] = (again.said as unknown as { approvals: [Approval] }).approvals
    expect(one).toMatchObject({
      kind: 'destructive',
      statement: `${hidden}\n-- measured: at most 1 rows of public.old_orders are deleted`,
      facts: {
        calls: ['DO'],
        rollback: false,
        buildMs: expect.any(Number) as number,
        method: expect.stringMatching(/^run on a copy with \d+ rows of \d+ tables$/) as string,
      },
    })
    await approve(one.id, 'operator', tokens.operator)
    await approve(one.id, 'chief-1', tokens.chief)
    expect((await apply('hidden.sql')).code).toBe(0)
    expect((await shop.query('select id from old_orders')).rows).toEqual([])
  })

  it('is not approved by the requester, twice, without a token, by a service, by an account of today or for another hash', async () => {
    const { id } = await ask()
    const refusals = [
      await approve(id, 'layer-1', tokens.asker),
      await approve(id, 'operator'),
      await approve(id, 'operator', tokens.service),
      await approve(id, 'operator', tokens.young),
      await approve(id, 'operator', tokens.operator, ['--hash', 'f'.repeat(64)]),
    ]
    expect((await approve(id, 'operator', tokens.operator)).code).toBe(0)
    refusals.push(await approve(id, 'operator', tokens.operator))
    expect(refusals.map(({ code, said }) => [code, said.code])).toEqual([
      [5, 'approval.not-a-person'],
      [5, 'auth.token-required'],
      [5, 'approval.not-a-person'],
      [5, 'approval.too-young'],
      [5, 'approval.other-statement'],
      [5, 'approval.twice'],
    ])
  })

  it('runs once two have approved it, one of them through the chief’s inbox, and a second time not at all', async () => {
    const asked = await ask()
    expect(asked.given.map(({ as }) => as)).toEqual(['operator'])
    const item = await until('the proposal is in the inbox', async () => {
      const { items } = await esa.json<{ items: { id: string; about: string }[] }>(
        'inbox',
        'ls',
        '--agent',
        'chief-1',
      )
      return items.find(({ about }) => about.includes(asked.hash.slice(0, 12)))
    })
    expect(item.about).toContain(DROP)
    expect((await run(['inbox', 'approve', item.id, '--as', 'chief-1'], tokens.chief)).code).toBe(0)
    const granted = await until('the approval has heard of it', async () => {
      const { said } = await run(['db', 'approvals', 'show', asked.id])
      return said.status === 'granted' ? said : undefined
    })
    expect(granted.given.map(({ by }) => by?.split(' ')[0])).toEqual(['Bea', 'Cem'])
    // Another statement is not what was approved.
    expect((await apply('other.sql')).said.code).toBe('approval.missing')
    expect((await apply()).code).toBe(0)
    expect(await tables()).toEqual(['orders'])
    const { said: used } = await run(['db', 'approvals', 'show', asked.id])
    expect(used.status).toBe('used')
    await shop.query('create table old_orders (id int)')
    expect((await apply('again.sql')).said.code).toBe('approval.missing')
    expect(await tables()).toEqual(['old_orders', 'orders'])
  })

  it('does not run on a frozen target, whatever was approved, until an operator thaws it', async () => {
    const { id } = await ask()
    await approve(id, 'operator', tokens.operator)
    await approve(id, 'chief-1', tokens.chief)
    await esa.json('db', 'freeze', '--target', 'shop', '--reason', 'rows are missing')
    const frozen = await apply('again.sql')
    expect([frozen.code, frozen.said.code]).toEqual([6, 'migration.frozen'])
    expect(await tables()).toEqual(['old_orders', 'orders'])
    expect(await esa.json('db', 'unfreeze', '--target', 'shop')).toMatchObject({ was: 'rows are missing' })
  })

  it('leaves a log that replays', async () => {
    const verified = await esa.json<{ diverged: unknown[]; identical: number }>('replay', 'verify', '--all')
    expect(verified.diverged).toEqual([])
  })
})
