import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import { createDatabase, ensureEmbeddedServer } from '@esa/pg-server'
import { openPostgresStore, type Store } from '@esa/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Incident } from '@esa/escalation'
import { until } from '@esa/runtime/testing'
import { ended, EsaHome, says } from './run-esa.ts'

const OPEN = 'incidents open --agent layer-1 --category integration --title pool'.split(' ')

/** The peers' 30 minutes become 3 s. */
const TIME_SCALE = '600'

/** Where Debian puts what gives a process another clock. */
const FAKE_CLOCK = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketimeMT.so.1`
const canFake = existsSync(FAKE_CLOCK)
if (!canFake)
  process.stderr.write(
    '\n!! no faketime here: the test of a jumping clock is SKIPPED (apt-get install faketime)\n\n',
  )

/** Moments of Ctrl-C, as shares of the time that a command takes undisturbed: before its work, in it, and after. */
const SHARES = [0.05, 0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 3]

let esa: EsaHome
let url: string
let store: Store

beforeAll(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
  url = (await ensureEmbeddedServer(esa)).url
  store = await openPostgresStore({ url, max: 2 })
})
afterAll(async () => {
  await store.close()
  await esa.remove()
})

/** The moments for a command, ms, by how long it takes now on this machine. */
async function momentsOf(run: () => Promise<unknown>): Promise<number[]> {
  const began = performance.now()
  await run()
  const took = performance.now() - began
  return SHARES.map((share) => Math.round(share * took))
}

/** Runs a command, interrupts it at a moment, and answers what it printed and how it ended. */
async function interrupted(args: string[], momentMs: number, environment: NodeJS.ProcessEnv = {}) {
  const child = esa.start(args, environment)
  const end = ended(child)
  await after(momentMs)
  child.kill('SIGINT')
  const { code, stdout, stderr } = await end
  return { code: child.signalCode === 'SIGINT' ? 130 : code, stdout, stderr }
}

describe('Ctrl-C', () => {
  it('while an incident is opened: it is open whole, or not at all', async () => {
    const answered: string[] = []
    const codes: (number | null)[] = []
    for (const moment of await momentsOf(() => esa.json(...OPEN))) {
      const { code, stdout } = await interrupted([...OPEN, '--json'], moment)
      codes.push(code)
      if (stdout !== '') answered.push((JSON.parse(stdout) as Incident).id)
    }
    expect(new Set(codes)).toEqual(new Set([0, 130]))
    const { incidents } = await esa.json<{ incidents: Incident[] }>('incidents', 'ls')
    const open = incidents.map(({ id }) => id)
    expect(open).toEqual(expect.arrayContaining(answered))
    expect(open.length).toBeLessThanOrEqual(SHARES.length + 1)
    for (const incident of incidents) expect(incident).toMatchObject({ status: 'triggered', level: 'peer' })
    expect((await esa.run(['replay', 'verify', '--all'])).code).toBe(0)
  })

  it('while a database is migrated: the next migration finishes it', async () => {
    const before = new Set<unknown>()
    const whole = { DATABASE_URL: await createDatabase(url, 'whole') }
    const moments = await momentsOf(() => esa.run(['migrate'], whole))
    for (const [index, moment] of moments.entries()) {
      const DATABASE_URL = await createDatabase(url, `half_${index}`)
      const { code } = await interrupted(['migrate'], moment, { DATABASE_URL })
      expect([0, 130]).toContain(code)
      const again = await esa.run(['migrate', '--json'], { DATABASE_URL })
      expect(again.code).toBe(0)
      before.add((JSON.parse(again.stdout) as { before: string }).before)
      expect((await esa.run(['incidents', 'ls'], { DATABASE_URL })).code).toBe(0)
    }
    // Some were interrupted before, and some came too late.
    expect([...before]).toEqual(expect.arrayContaining(['absent', 'current']))
  })

  it('while the runtime starts: the next one starts, and nothing is half written', async () => {
    const start = async (): Promise<void> => {
      const up = esa.start(['up'])
      await says(up, 'ready in ')
      up.kill('SIGINT')
      expect((await once(up, 'exit'))[0]).toBe(0)
    }
    for (const moment of await momentsOf(start)) {
      const { code } = await interrupted(['up'], moment)
      expect([0, 130]).toContain(code)
    }
    await start()
    expect((await esa.run(['replay', 'verify', '--all'])).code).toBe(0)
  })

  it('while a new home is made: the next command makes it', async () => {
    for (const [index, moment] of [150, 400, 700, 1_000, 1_400].entries()) {
      const home = ['--home', `${esa.home}-${index}`]
      await interrupted([...home, 'up'], moment)
      expect((await esa.run([...home, 'status'])).code).toBe(0)
      expect((await esa.run([...home, 'down'])).code).toBe(0)
    }
  })
})

describe('a worker whose clock is wrong', () => {
  it.runIf(canFake).each(['+2h', '-2h'])(
    'by %s serves a deadline when the database says so',
    async (offset) => {
      const worker = esa.start(['--time-scale', TIME_SCALE, 'worker'], {
        LD_PRELOAD: FAKE_CLOCK,
        FAKETIME: offset,
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      })
      await says(worker, 'ready in ')
      const { id } = await esa.json<Incident>('--time-scale', TIME_SCALE, ...OPEN)
      const dueAt = (await store.readActor(id))?.state.timer?.dueAt ?? 0
      const toChief = await until('it climbs', async () =>
        (await store.readStream(id)).find(
          ({ type, level }) => type === 'incident.escalated' && level === 'chief',
        ),
      )
      const lateMs = toChief.at - dueAt
      expect(lateMs).toBeGreaterThan(0)
      expect(lateMs).toBeLessThanOrEqual(1_000)
      // It does run on another clock than the database.
      const [beat] = await store.workers()
      expect(Math.abs(beat?.skewMs ?? 0)).toBeGreaterThan(7_000_000)
      worker.kill('SIGTERM')
      await once(worker, 'exit')
    },
  )
})
