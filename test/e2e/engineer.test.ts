import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectPool, createDatabase, ensureEmbeddedServer } from '@esa/pg-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EsaHome, type Ran } from './run-esa.ts'

const DOWN = 'postgres://ada:hunter2@127.0.0.1:1/shop'

interface SarifLog {
  version: string
  runs: { tool: { driver: { rules: { id: string }[] } }; results: SarifResult[] }[]
}

interface SarifResult {
  ruleId: string
  ruleIndex: number
  level: string
  locations: object[]
}

let esa: EsaHome
let shop: NodeJS.ProcessEnv
const path = (name: string): string => join(esa.folder, name)
const run = (...args: string[]): Promise<Ran> => esa.run(args, shop)

beforeAll(async () => {
  esa = await EsaHome.create()
  const { adminUrl } = await ensureEmbeddedServer({ home: esa.home })
  const url = await createDatabase(adminUrl, 'shop')
  const pool = await connectPool(url, { max: 1 })
  await pool.query(`create table customers (id int primary key, name text);
    insert into customers select n, 'c' || n from generate_series(1, 200) n;
    create table orders (id int primary key, customer_id int, total float8);
    insert into orders select n, 1 + n % 200, n from generate_series(1, 600) n;
    update orders set customer_id = 999 where id = 5; analyze`)
  await pool.end()
  shop = { SHOP_URL: url }
  await writeFile(path('risky.sql'), 'alter table orders drop column total;\n')
  await writeFile(path('safe.sql'), "set lock_timeout = '2s';\nalter table orders add column note text;\n")
})

afterAll(() => esa.remove())

function logOf({ stdout }: Ran): SarifLog['runs'][0] {
  const { version, runs } = JSON.parse(stdout) as SarifLog
  expect([version, runs.length]).toEqual(['2.1.0', 1])
  const [log] = runs
  for (const { ruleId, ruleIndex, level, locations } of log!.results) {
    expect(log!.tool.driver.rules[ruleIndex]?.id).toBe(ruleId)
    expect(['error', 'warning', 'note']).toContain(level)
    expect(locations).toHaveLength(1)
  }
  return log!
}

// In production the same person watches it: colleagues.test.ts follows `db watch --live` through a breach.
describe('an engineer’s own database, in CI', () => {
  it('lint: exit 1 for a migration that blocks, 0 for one that does not, 7 without a database', async () => {
    const on = ['--target', 'env:SHOP_URL']
    const risky = await run('db', 'migrate', 'lint', path('risky.sql'), ...on, '--format', 'sarif')
    expect(risky.code).toBe(1)
    expect(logOf(risky).results.map(({ level }) => level)).toContain('error')
    expect((await run('db', 'migrate', 'lint', path('safe.sql'), ...on)).code).toBe(0)
    const down = await esa.run(['db', 'migrate', 'lint', path('safe.sql'), ...on], { SHOP_URL: DOWN })
    expect(down).toMatchObject({ code: 7, stdout: '' })
    expect(down.stderr).not.toContain('hunter2')
  })

  it('check: the same findings as SARIF, as annotations and as JSON, exit 1; 7 without a database', async () => {
    const check = (...more: string[]): Promise<Ran> => run('db', 'check', '--target', 'env:SHOP_URL', ...more)
    const sarif = await check('--reporter', 'sarif')
    const github = await check('--reporter', 'github')
    const { findings } = JSON.parse((await check('--reporter', 'json')).stdout) as {
      findings: { kind: string }[]
    }
    expect([sarif.code, github.code]).toEqual([1, 1])
    const kinds = findings.map(({ kind }) => kind)
    expect(kinds).toContain('orphans')
    expect(logOf(sarif).results.map(({ ruleId }) => ruleId)).toEqual(kinds)
    const lines = github.stdout.trimEnd().split('\n')
    expect(lines.map((line) => /^::(?:error|warning|notice) title=([\w-]+)::./.exec(line)?.[1])).toEqual(
      kinds,
    )
    expect((await check('--reporter', 'sarif', '--json')).code).toBe(2)
    const down = await esa.run(['db', 'check', '--target', 'env:SHOP_URL', '--reporter', 'sarif'], {
      SHOP_URL: DOWN,
    })
    expect(down).toMatchObject({ code: 7, stdout: '' })
  })
})
