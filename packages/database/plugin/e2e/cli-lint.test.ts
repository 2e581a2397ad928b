import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectPool, createDatabase, ensureEmbeddedServer, withDatabase } from '@esa/pg-server'
import type { Verdict } from '@esa/database-migrations/lint'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EsaHome, type Ran } from '@esa/test/testing'

/** A table with rows enough to be worth an error, and one that is small. */
const SHOP = `
  create table orders (id bigint primary key, note text);
  insert into orders select n, repeat('x', 300) from generate_series(1, 60000) n;
  create table flags (id int primary key, name text);
  create schema drizzle;
  create table drizzle.__drizzle_migrations (id serial primary key, hash text, created_at bigint);
  insert into drizzle.__drizzle_migrations (hash, created_at) values ('x', 1000);
  insert into flags values (1, 'on');
  analyze`

const RISKY = `-- what is risky
create index orders_note
  on orders (note);
alter table flags alter column name set not null; -- seen by all
`

const FILES: Record<string, string | Uint8Array> = {
  'risky.sql': RISKY,
  'safe.sql': `set lock_timeout = '2s';\nset statement_timeout = '1min';\nalter table orders add column total numeric;\n`,
  'windows.sql': '\uFEFF-- orders\r\nalter table orders\r\n  add column paid boolean;\r\n',
  'empty.sql': '-- nothing yet\n',
  'second.sql': 'alter table orders add column total numeric;\n',
  'wrong.sql': 'select 1;\nalter table orders ad column x int;\n',
  'nul.sql': 'select 1;\nselect \0 2;\n',
  'latin.sql': Uint8Array.of(0x2d, 0x2d, 0xe4, 0x0a),
  'psql.sql': '\\connect shop\nselect 1;\ncopy flags from stdin;\n2\toff\n\\.\nselect 2;\n',
  'schema.sql': `\\restrict x\nset search_path = '';\ncreate table public.orders (id bigint primary key, note text);\nalter table public.orders owner to nobody;\ncopy public.orders from stdin;\n1\tx\n\\.\n`,
  'allowed.sql': `-- esa:allow column-dropped unused since release 12\nalter table orders drop column note;\n`,
  'unexplained.sql': 'alter table orders drop column note; -- esa:allow column-dropped\n',
}

let esa: EsaHome
let shop: NodeJS.ProcessEnv
const path = (name: string): string => join(esa.folder, name)
const lint = (...args: string[]): Promise<Ran> => {
  const named = args.map((arg) => (Object.hasOwn(FILES, arg) ? path(arg) : arg))
  return esa.run(['db', 'migrate', 'lint', ...named], shop)
}
const onShop = (...args: string[]): Promise<Ran> => lint(...args, '--target', 'env:SHOP_URL')
const statementsOf = ({ stdout }: Ran): Verdict[] =>
  (JSON.parse(stdout) as { statements: Verdict[] }).statements
const rulesOf = (ran: Ran): string[][] =>
  statementsOf(ran).map(({ findings }) => findings.map(({ severity, rule }) => `${severity} ${rule}`))

beforeAll(async () => {
  esa = await EsaHome.create()
  const { adminUrl } = await ensureEmbeddedServer({ home: esa.home })
  await createDatabase(adminUrl, 'shop')
  const url = withDatabase(adminUrl, 'shop')
  const pool = await connectPool(url, { max: 1 })
  await pool.query(SHOP)
  await pool.end()
  shop = { SHOP_URL: url }
  for (const [name, text] of Object.entries(FILES)) await writeFile(path(name), text)
  await mkdir(path('drizzle/meta'), { recursive: true })
  const entries = ['0000_first', '0001_second'].map((tag, idx) => ({ idx, tag, when: 1000 * (idx + 1) }))
  await writeFile(path('drizzle/meta/_journal.json'), JSON.stringify({ entries }))
  await writeFile(path('drizzle/0000_first.sql'), 'create table flags (id int primary key);')
  await writeFile(
    path('drizzle/0001_second.sql'),
    'alter table flags add column a int;--> statement-breakpoint\nalter table flags add column b int;',
  )
})

afterAll(() => esa.remove())

describe('esa db migrate lint', () => {
  it('answers for each statement with what it did to a copy of the target’s schema', async () => {
    const ran = await onShop('risky.sql', '--json')
    expect(ran.code).toBe(1)
    expect(statementsOf(ran)).toEqual([
      {
        file: path('risky.sql'),
        line: 2,
        endLine: 3,
        index: 0,
        kind: 'IndexStmt',
        locks: [{ relation: 'public.orders', mode: 'ShareLock' }],
        rewrites: [],
        scans: ['public.orders'],
        blocks: 'writes',
        method: 'executed',
        findings: expect.arrayContaining([
          {
            rule: 'index-not-concurrently',
            severity: 'error',
            message: expect.stringMatching(
              /^writes to public\.orders wait .*: about 60,000 rows, \d+\.\d MB\)$/,
            ),
            fix: 'create index concurrently orders_note\n  on orders (note);',
          },
        ]),
        allowed: [],
      },
      expect.objectContaining({
        line: 4,
        blocks: 'reads and writes',
        findings: expect.arrayContaining([
          expect.objectContaining({
            rule: 'not-null-scans',
            severity: 'warning',
            message: expect.stringContaining('public.flags is small'),
          }),
        ]),
      }),
    ])
  })

  it('shows the source line to people, and is content with a safe file', async () => {
    const [risky, safe] = [await onShop('risky.sql'), await onShop('safe.sql')]
    expect(risky.stdout).toContain(
      `${path('risky.sql')}:2\n  2 | create index orders_note\n  3 |   on orders (note)\n`,
    )
    expect(risky.stdout).toContain('error index-not-concurrently')
    expect(risky.stdout).toMatch(/2 statements, 2 executed, 0 parsed: 1 errors, 1 warnings, \d hints\n$/)
    expect([safe.code, safe.stdout]).toEqual([
      0,
      '3 statements, 3 executed, 0 parsed: 0 errors, 0 warnings, 0 hints\n',
    ])
  })

  it('speaks SARIF and GitHub', async () => {
    const [sarif, github] = [
      await onShop('risky.sql', '--format', 'sarif'),
      await onShop('risky.sql', '--format', 'github'),
    ]
    const log = JSON.parse(sarif.stdout)
    expect([sarif.code, github.code, log.version]).toEqual([1, 1, '2.1.0'])
    const [run] = log.runs
    const result = run.results.find(({ ruleId }: { ruleId: string }) => ruleId === 'index-not-concurrently')
    expect(run.tool.driver.rules[result.ruleIndex].id).toBe('index-not-concurrently')
    expect(result).toMatchObject({
      level: 'error',
      locations: [{ physicalLocation: { region: { startLine: 2, endLine: 3 } } }],
    })
    expect(github.stdout).toMatch(
      /^::error file=.*risky\.sql,line=2,endLine=3,title=index-not-concurrently::writes to .*%0A→ create/m,
    )
    expect(github.stdout).toMatch(/^::warning file=.*,line=4,/m)
  })

  it('takes a script for the schema before, a dump’s owners and rows left out', async () => {
    const ran = await lint('second.sql', '--schema', 'schema.sql', '--json')
    expect([ran.code, ran.stderr, statementsOf(ran)[0]!.method]).toEqual([0, '', 'executed'])
    const without = await lint('second.sql', '--json')
    expect([without.code, rulesOf(without)[0]]).toEqual([1, ['error execution-failed']])
  })

  it('takes files as wrapped in a transaction with the option', async () => {
    await writeFile(path('wrapped.sql'), `set local lock_timeout = '2s'; lock table orders in share mode;`)
    const [bare, wrapped] = [
      await onShop(path('wrapped.sql'), '--json'),
      await onShop(path('wrapped.sql'), '--assume-in-transaction', '--json'),
    ]
    expect([bare.code, rulesOf(bare).flat().includes('error execution-failed')]).toEqual([1, true])
    expect(rulesOf(wrapped).flat()).not.toContain('error execution-failed')
    expect(statementsOf(wrapped)[1]).toMatchObject({ locks: [{ mode: 'ShareLock' }] })
  })

  it('applies files in order, or each by itself', async () => {
    const inOrder = await onShop('safe.sql', 'second.sql', '--json')
    expect(statementsOf(inOrder).at(-1)).toMatchObject({
      index: 0,
      locks: [],
      rewrites: [],
      findings: expect.arrayContaining([
        expect.objectContaining({
          rule: 'execution-failed',
          message: 'column "total" of relation "orders" already exists',
        }),
      ]),
    })
    const apart = await onShop('safe.sql', 'second.sql', '--independent', '--json')
    expect([inOrder.code, apart.code]).toEqual([1, 0])
  })

  it('reads a folder of Drizzle’s by its journal, and leaves out what the target has', async () => {
    const pending = await onShop(path('drizzle'), '--json')
    expect([pending.code, statementsOf(pending).map(({ file, line }) => [file, line])]).toEqual([
      0,
      [
        [path('drizzle/0001_second.sql'), 1],
        [path('drizzle/0001_second.sql'), 2],
      ],
    ])
    const all = await lint(path('drizzle'), '--json')
    expect([all.code, statementsOf(all).length]).toEqual([0, 3])
  })

  it('accepts what a marker gives a reason for', async () => {
    const allowed = await onShop('allowed.sql', '--json')
    expect([allowed.code, statementsOf(allowed)[0]!.allowed]).toEqual([
      0,
      [expect.objectContaining({ rule: 'column-dropped', reason: 'unused since release 12' })],
    ])
    const unexplained = await onShop('unexplained.sql', '--json')
    expect(rulesOf(unexplained)[0]).toEqual(
      expect.arrayContaining(['error column-dropped', 'warning allow-without-reason']),
    )
  })

  it('reads what editors and psql leave behind', async () => {
    const windows = await onShop('windows.sql', '--json')
    expect([windows.code, statementsOf(windows)[0]]).toEqual([
      0,
      expect.objectContaining({ line: 2, endLine: 3, method: 'executed' }),
    ])
    expect(await onShop('empty.sql')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/no statement/),
    })
    const psql = await onShop('psql.sql', '--json')
    expect(statementsOf(psql).map(({ line, method }) => [line, method])).toEqual([
      [1, 'parsed'],
      [2, 'executed'],
      [3, 'parsed'],
      [6, 'executed'],
    ])
    expect(rulesOf(psql)[0]).toEqual(['error psql-meta-command'])
  })

  it.each([
    [2, 'sql.syntax', 'line 2, column 20', ['wrong.sql']],
    [2, 'sql.nul', 'line 2', ['nul.sql']],
    [2, 'sql.encoding', 'not UTF-8', ['latin.sql']],
    [4, 'file.unreadable', 'nowhere.sql', ['nowhere.sql']],
    [4, 'target.unknown', 'nobody', ['safe.sql', '--target', 'nobody']],
    [
      2,
      'usage.lint',
      '--target and --schema',
      ['safe.sql', '--target', 'env:SHOP_URL', '--schema', 'schema.sql'],
    ],
    [2, 'usage.lint', '--json', ['safe.sql', '--format', 'github']],
  ])('ends with %i (%s) and says %s', async (code, problem, said, args) => {
    const ran = await lint(...args, '--json')
    expect([ran.code, ran.stdout]).toEqual([code, ''])
    expect(JSON.parse(ran.stderr)).toMatchObject({ code: problem, message: expect.stringContaining(said) })
  })
})
