import { execFile } from 'node:child_process'
import { appendFile, chown, mkdtemp, readFile, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { connectPool } from './connect-pool.ts'
import { runningPostmaster, servesDirectory } from './postmaster.ts'
import { confinementHere } from './sandbox-confinement.ts'
import type { SandboxLook } from '../testing/sandbox-look.ts'
import { ensureSandbox, stopSandbox } from './sandbox-server.ts'
import { hasBubblewrap } from '../testing/test-servers.ts'

describe('the sandbox of a home', () => {
  let home: string
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'esa-home-'))
  })
  afterEach(async () => {
    await stopSandbox({ home, remove: true })
    await rm(home, { recursive: true, force: true })
  })

  const directory = async (): Promise<string> =>
    (JSON.parse(await readFile(join(home, 'sandbox/sandbox.json'), 'utf8')) as { directory: string })
      .directory
  const pid = async (): Promise<number> => (await runningPostmaster(join(await directory(), 'data')))!.pid
  const ask = async (url: string, sql: string): Promise<unknown> => {
    const pool = await connectPool(url, { max: 1 })
    try {
      return Object.values((await pool.query<Record<string, unknown>>(sql)).rows[0] ?? {})[0]
    } finally {
      await pool.end()
    }
  }

  it('listens on a Unix socket alone, writes no log, and lies outside the home', async () => {
    const { adminUrl } = await ensureSandbox({ home })
    expect(await ask(adminUrl, 'select current_user')).toBe('esa_sbx_admin')
    for (const [name, value] of Object.entries({
      listen_addresses: '',
      fsync: 'off',
      log_min_messages: 'panic',
    }))
      expect(await ask(adminUrl, `select current_setting('${name}')`)).toBe(value)
    const place = await directory()
    expect(place.startsWith(home)).toBe(false)
    expect((await stat(join(place, 's'))).mode & 0o777).toBe(0o700)
    expect((await stat(join(home, 'sandbox/sandbox.json'))).mode & 0o777).toBe(0o600)
    await ask(adminUrl, `do $$ begin for n in 1..1000 loop raise log 'noise'; end loop; end $$`)
    expect(await readFile(join(place, 'server.log'), 'utf8')).not.toContain('noise')
  })

  it.runIf(process.getuid?.() === 0)(
    'runs as an account that owns nothing else, with bounded memory',
    async () => {
      const { adminUrl, confinement } = await ensureSandbox({ home, uid: 64_907 })
      expect(confinement).toBe('account')
      const status = await readFile(`/proc/${await pid()}/status`, 'utf8')
      expect(status).toMatch(/^Uid:\t64907\t64907\t64907\t64907$/m)
      expect(status).toMatch(/^NoNewPrivs:\t1$/m)
      expect(status).toMatch(/^Groups:\t\s*$/m)
      // Even its superuser reads neither the home nor the passwords there.
      const secret = join(home, 'sandbox/sandbox.json')
      await expect(ask(adminUrl, `select pg_read_file('${secret}')`)).rejects.toThrow(/Permission denied/)
      await expect(
        ask(adminUrl, `select length(repeat('x', 1000000000) || repeat('y', 60000000))`),
      ).rejects.toThrow(/out of memory/)
      expect(await ask(adminUrl, 'select 1')).toBe(1)
    },
  )

  it('is adopted while it runs, started again when it was killed, and made again when its files are gone', async () => {
    await ensureSandbox({ home })
    const first = await pid()
    await ensureSandbox({ home })
    expect(await pid()).toBe(first)
    process.kill(first, 'SIGKILL')
    const { adminUrl } = await ensureSandbox({ home })
    expect(await ask(adminUrl, 'select 1')).toBe(1)
    expect(await stopSandbox({ home })).toBe(true)
    const place = await directory()
    await rm(place, { recursive: true })
    const again = await ensureSandbox({ home })
    expect(await ask(again.adminUrl, 'select 1')).toBe(1)
    expect(await directory()).not.toBe(place)
  })

  it('empties a log that has grown too long, and stops when it has not been used for ten minutes', async () => {
    await ensureSandbox({ home, lookEveryS: 1 })
    const [place, living] = [await directory(), await pid()]
    const log = join(place, 'server.log')
    await appendFile(log, Buffer.alloc(17 * 1024 * 1024, 'x'))
    await vi.waitFor(async () => expect((await stat(log)).size).toBeLessThan(1_000), { timeout: 20_000 })
    expect(await servesDirectory(living, join(place, 'data'))).toBe(true)
    const before = new Date(Date.now() - 11 * 60_000)
    await utimes(join(place, 'used'), before, before)
    await vi.waitFor(async () => expect(await servesDirectory(living, join(place, 'data'))).toBe(false), {
      timeout: 20_000,
    })
  })
})

/** Who has no rights on a machine, and a name there, which initdb asks for. */
const NOBODY = 65_534

describe('the sandbox of an account that is not root', () => {
  let home: string
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'esa-home-'))
    if (process.getuid?.() === 0) await chown(home, NOBODY, NOBODY)
  })
  afterEach(() => rm(home, { recursive: true, force: true }))

  /** Looks at it as another account when we are root. */
  const look = async (path?: string): Promise<SandboxLook> => {
    const who = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
    const script = join(import.meta.dirname, '../testing/sandbox-look.ts')
    const env = { PATH: path ?? process.env['PATH'], HOME: home, TMPDIR: tmpdir() }
    const { stdout } = await promisify(execFile)(process.execPath, [script, home], { ...who, env })
    return JSON.parse(stdout) as SandboxLook
  }

  it.runIf(hasBubblewrap())('has no network and none of our files where bubblewrap works', async () => {
    const { uid, secret, ...seen } = await look()
    expect(seen).toEqual({
      confinement: 'namespace',
      memory: 'Max address space         1610612736',
      interfaces: 'lo',
      adopted: true,
      stopped: true,
    })
    expect(secret).toMatch(/No such file or directory/)
    expect(uid).not.toMatch(/\s0$/)
  })

  it('has the role and the limits where it does not', async () => {
    const { uid, ...seen } = await look('/nowhere')
    expect(seen).toMatchObject({
      confinement: 'none',
      memory: 'Max address space         1610612736',
      // Its superuser could: which is why nothing is tried as one.
      secret: 'the password',
      adopted: true,
      stopped: true,
    })
    expect(uid).not.toMatch(/\s0$/)
  })
})

it.runIf(process.getuid?.() === 0)('root without setpriv learns what to do', async () => {
  vi.stubEnv('PATH', '/nowhere')
  await expect(confinementHere()).rejects.toMatchObject({ code: 'database.no-setpriv' })
  vi.unstubAllEnvs()
  expect(await confinementHere()).toBe('account')
})
