import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureEmbeddedServer } from '@esa/pg-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TimelineEvent } from '@esa/escalation'
import type { MetricReading } from '@esa/database-advice/measure'
import { EsaHome, type Problem } from '@esa/test/testing'

/** Nothing listens on port 1. */
const AWAY = 'postgres://ada:hunter2@127.0.0.1:1/shop'

let esa: EsaHome
let shop: NodeJS.ProcessEnv
let url: string
const path = (name: string): string => join(esa.folder, name)

/** The problem is on the last line; a warning may come before it. */
const problemIn = (stderr: string): Problem =>
  JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '') as Problem

beforeAll(async () => {
  esa = await EsaHome.create()
  url = (await ensureEmbeddedServer({ home: esa.home })).url
  shop = { SHOP_URL: url, AWAY_URL: AWAY }
  await writeFile(path('typical.sql'), '-- id: one\nselect 1;\n')
  await writeFile(path('slow.sql'), '-- id: slow\nselect pg_sleep(0.12);\n')
})

afterAll(() => esa.remove())

describe('esa db measure', () => {
  it('measures what the card of Layer 1 promises, and says how', async () => {
    const workload = ['--workload', path('typical.sql')]
    const ran = await esa.run(['db', 'measure', '--target', 'env:SHOP_URL', ...workload, '--json'], shop)
    const { metrics } = JSON.parse(ran.stdout) as { metrics: MetricReading[] }
    const keys = ['key', 'value', 'unit', 'threshold', 'ok', 'samples', 'window', 'method']
    for (const metric of metrics) expect(Object.keys(metric)).toEqual(expect.arrayContaining(keys))
    for (const metric of metrics.filter(({ value }) => value === null))
      expect(metric).toMatchObject({ ok: null, why: expect.any(String) })
    const p95 = metrics.find(({ key }) => key === 'query-response-time')
    // How fast it answers is the machine's; what is said of it must agree with itself.
    expect(p95).toMatchObject({
      unit: 'ms',
      threshold: 100,
      value: expect.any(Number),
      ok: p95!.value! < 100,
    })
    expect(ran.code).toBe(metrics.some(({ ok }) => ok === false) ? 1 : 0)
  })

  it('ends with 1 when a promise is broken', async () => {
    const workload = ['--workload', path('slow.sql')]
    const ran = await esa.run(['db', 'measure', '--target', 'env:SHOP_URL', ...workload], shop)
    expect([ran.code, ran.stdout]).toEqual([1, expect.stringMatching(/BREACH +query-response-time/)])
  })

  it('warns of a password on the command line, and never repeats one', async () => {
    const { code, stdout, stderr } = await esa.run(['db', 'measure', '--target', AWAY])
    expect(code).toBe(7)
    expect(stderr).toContain('warning')
    expect(stdout + stderr).not.toContain('hunter2')
  })

  it.concurrent.each([
    [2, 'db measure --target mysql://ada:hunter2@db/x'],
    [4, 'db measure --target nobody'],
    [4, 'db measure --target env:GONE_URL'],
    [4, 'db measure --target env:SHOP_URL --workload gone.sql'],
    [7, 'db measure --target env:AWAY_URL'],
    [7, 'targets test env:AWAY_URL'],
    [4, 'db watch --target nobody --every 60s'],
    [4, 'targets add shop env:SHOP_URL --workload gone.sql'],
    [4, 'targets rm nobody'],
  ])('ends with %i: esa %s', async (expected, args) => {
    const { code, stdout, stderr } = await esa.run([...args.split(' '), '--json'], shop)
    expect([code, stdout]).toEqual([expected, ''])
    expect(problemIn(stderr)).toMatchObject({ code: expect.any(String), message: expect.any(String) })
    expect(stderr).not.toContain('hunter2')
  })
})

describe('esa targets', () => {
  it('keeps databases by name, and forgets them', async () => {
    await esa.json('targets', 'add', 'shop', 'env:SHOP_URL', '--workload', path('typical.sql'))
    const limits = ['--timeout', '5s', '--connections', '2', '--quiet', '22:00-06:00', '--allow-owner']
    await esa.json('targets', 'add', 'away', AWAY, ...limits)
    const { targets } = await esa.json<{ targets: object[] }>('targets', 'ls')
    const guarded = { allowOwner: false, guardLog: 'warn' }
    const unlimited = { timeoutMs: null, connections: null, quiet: null, ...guarded }
    expect(targets).toEqual([
      { name: 'shop', at: 'env:SHOP_URL', workload: path('typical.sql'), ...unlimited },
      {
        name: 'away',
        at: 'ada@127.0.0.1:1/shop',
        workload: null,
        timeoutMs: 5_000,
        connections: 2,
        quiet: '22:00-06:00',
        allowOwner: true,
        guardLog: 'warn',
      },
    ])
    const tested = await esa.run(['targets', 'test', 'shop', '--json'], shop)
    expect(JSON.parse(tested.stdout)).toMatchObject({
      version: expect.stringMatching(/^18/),
      latencyMs: expect.any(Number),
      replica: false,
      pooler: false,
      notes: [expect.stringContaining('its role is strong (it is a superuser)')],
    })
    await esa.json('targets', 'rm', 'away')
    expect((await esa.json<{ targets: object[] }>('targets', 'ls')).targets).toHaveLength(1)
  })

  it('are watched by Layer 1 until it is stopped', async () => {
    const watch = await esa.run(['db', 'watch', '--target', 'shop', '--every', '60s', '--json'], shop)
    expect(JSON.parse(watch.stdout)).toEqual({ agent: 'layer-1', target: 'shop', everyMs: 60_000 })
    expect(watch.stderr).toContain('esa up')
    expect(await esa.json('db', 'watch', '--stop')).toMatchObject({ target: 'shop', everyMs: null })
    const { events } = await esa.json<{ events: TimelineEvent[] }>('replay', 'show', 'layer-1')
    const set = events.filter(({ type }) => type === 'watch.set')
    expect(set.map(({ data }) => data)).toEqual([
      { target: 'shop', everyMs: 60_000 },
      { target: 'shop', everyMs: null },
    ])
  })
})

describe('a database that is away', () => {
  it.concurrent.each(['incidents ls', 'status', 'migrate', 'replay verify --all', 'timers', 'worker'])(
    'ends esa %s with 7 and no password',
    async (args) => {
      const { code, stdout, stderr } = await esa.run([...args.split(' '), '--json'], { DATABASE_URL: AWAY })
      expect([code, stdout]).toEqual([7, ''])
      expect(problemIn(stderr).hint).toEqual(expect.any(String))
      expect(stderr).not.toContain('hunter2')
    },
  )

  it('differs from a faulty configuration, whose faults come all at once', async () => {
    const { code, stderr } = await esa.run(['status', '--json'], { DATABASE_URL: 'hunter2', ESA_LOG: 'loud' })
    expect(code).toBe(3)
    expect(problemIn(stderr).message).toMatch(/DATABASE_URL.*ESA_LOG/)
    expect(stderr).not.toContain('hunter2')
  })

  it('and one that is not on this machine gets no time scale without a word', async () => {
    const environment = { DATABASE_URL: 'postgres://ada@db.example/x' }
    const { code, stderr } = await esa.run(['status', '--time-scale', '360', '--json'], environment)
    expect([code, problemIn(stderr).code]).toEqual([8, 'confirm.time-scale'])
  })
})

describe('esa', () => {
  it.concurrent.each(['--help', 'incidents ack --help', 'db --help', 'replay verify --help', '--version'])(
    'answers %s on stdout',
    async (args) => {
      const { code, stdout, stderr } = await esa.run(args.split(' '))
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).not.toBe('')
    },
  )

  it('prints colors on request, and nowhere else', async () => {
    const coloured = (environment: NodeJS.ProcessEnv) => esa.run(['agents', 'show', 'layer-1'], environment)
    const [plain, ci, forced] = await Promise.all([
      coloured({}),
      coloured({ CI: 'true' }),
      coloured({ FORCE_COLOR: '1' }),
    ])
    expect(plain.stdout).toBe(ci.stdout)
    expect(plain.stdout).not.toContain('\u001B[')
    expect(forced.stdout).toContain('\u001B[')
  })

  it('down stops the database of this home, once', async () => {
    expect(await esa.json('down')).toEqual({ stopped: true })
    expect(await esa.json('down')).toEqual({ stopped: false })
    expect((await esa.run(['targets', 'test', 'shop'], shop)).code).toBe(7)
    expect((await esa.json<{ incidents: object[] }>('incidents', 'ls')).incidents).toEqual([])
  })
})
