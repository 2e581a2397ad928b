import { connectPool, createDatabase, ensureEmbeddedServer } from '@esa/pg-server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EsaHome } from './run-esa.ts'

interface Answer {
  findings: {
    kind: string
    severity: string
    relation?: string
    message: string
    evidence: object
    fix?: string
  }[]
  score?: number
  tables?: { relation: string; score: number | null; violations: object[]; proposal?: { lossless: object } }[]
}

let home: EsaHome
let url: string

beforeAll(async () => {
  home = await EsaHome.create()
  const { adminUrl } = await ensureEmbeddedServer({ home: home.home })
  url = await createDatabase(adminUrl, 'reviewed')
  const pool = await connectPool(url)
  await pool.query(`create table customers (id int primary key, name text not null);
    insert into customers select i, 'c' || i from generate_series(1, 200) i;
    create table orders (id serial primary key, customer_id int, customer_name text, customer_city text, total float8);
    insert into orders (customer_id, customer_name, customer_city, total) select 1 + i % 200, 'c' || 1 + i % 200, 'city ' || i % 200 % 17, i from generate_series(1, 3000) i;
    update orders set customer_id = 999 where id = 5`)
  await pool.end()
})

afterAll(() => home.remove())

async function review(...args: string[]): Promise<{ code: number | null; answer: Answer }> {
  const ran = await home.run(['db', ...args, '--target', 'env:REVIEWED_URL', '--json'], { REVIEWED_URL: url })
  return { code: ran.code, answer: JSON.parse(ran.stdout) as Answer }
}

const kinds = ({ findings }: Answer): string[] => findings.map(({ kind }) => kind)

it('schema, integrity and storage answer with findings, the worst first, and exit 1 for an error', async () => {
  const schema = await review('schema')
  expect(schema.code).toBe(0)
  expect(kinds(schema.answer)).toContain('float-for-money')
  const integrity = await review('integrity')
  expect(integrity.code).toBe(1)
  expect(integrity.answer.findings[0]).toMatchObject({
    kind: 'orphans',
    severity: 'error',
    relation: 'public.orders',
  })
  const storage = await review('storage')
  expect(storage.code).toBe(0)
  expect(kinds(storage.answer)).toEqual(expect.arrayContaining(['size', 'growth-unknown']))
})

it('normalize scores, names what is a fact of what, and proves its split', async () => {
  const { code, answer } = await review('normalize')
  expect(code).toBe(0)
  expect(answer.score).toBeLessThan(90)
  const orders = answer.tables!.find(({ relation }) => relation === 'public.orders')!
  expect(orders.violations.length).toBeGreaterThan(0)
  expect(orders.proposal?.lossless).toMatchObject({ proven: true, missing: 0 })
  const text = await home.run(['db', 'normalize', '--target', 'env:REVIEWED_URL'], { REVIEWED_URL: url })
  expect(text.stdout).toMatch(/^score \d/)
})

it('check says it all in one, once', async () => {
  const { code, answer } = await review('check', '--normalize')
  expect(code).toBe(1)
  expect(kinds(answer)).toEqual(
    expect.arrayContaining(['orphans', 'float-for-money', 'size', 'functional-dependency']),
  )
  expect(
    new Set(answer.findings.map(({ kind, relation, message }) => `${kind} ${relation} ${message}`)).size,
  ).toBe(answer.findings.length)
  expect(answer.score).toBeLessThan(90)
})

it('a target that is not there, or away, is an error of the call', async () => {
  expect((await home.refused('db', 'normalize', '--target', 'nowhere')).code).toBe(4)
  const away = await home.refused('db', 'check', '--target', 'postgres://127.0.0.1:1/none')
  expect(away.code).toBe(7)
})
