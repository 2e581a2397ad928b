import { type ChildProcess, spawn } from 'node:child_process'
import {
  appendFile,
  chmod,
  chown,
  cp,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  connectPool,
  createDatabase,
  dropDatabase,
  type EmbeddedServer,
  embeddedServerStatus,
  ensureEmbeddedServer,
  stopEmbeddedServer,
} from './index.ts'

const INDEX = new URL('./index.ts', import.meta.url).href
/** Any account that is not root; a test run that is not root already is one. */
const NORMAL_USER: { uid?: number; gid?: number } =
  process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

const homes: string[] = []
async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'esa-pg-server-'))
  homes.push(home)
  return home
}
async function removeHomes(): Promise<void> {
  for (const home of homes.splice(0)) {
    await stopEmbeddedServer({ home, mode: 'immediate' })
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Another process that runs `code`, with the package as `esa` and the home as `home`. */
function otherProcess(home: string, code: string, user: object = {}): ChildProcess {
  const program = `
    const esa = await import(${JSON.stringify(INDEX)}), home = ${JSON.stringify(home)}
    const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n')
    ${code}`
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    ...user,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}
async function firstLine<T>(child: ChildProcess): Promise<T> {
  let text = ''
  for await (const chunk of child.stdout!) {
    text += String(chunk)
    if (text.includes('\n')) return JSON.parse(text.slice(0, text.indexOf('\n'))) as T
  }
  throw new Error('The other process said nothing.')
}

describe('a home with a server', () => {
  let home: string
  let server: EmbeddedServer
  beforeAll(async () => {
    home = await newHome()
    server = await ensureEmbeddedServer({ home })
  })
  afterAll(removeHomes)

  it('starts once, and is adopted afterwards', async () => {
    expect(server.started).toBe(true)
    expect(await ensureEmbeddedServer({ home })).toEqual({ ...server, started: false })
    expect((await embeddedServerStatus({ home })).state).toBe('running')
    expect((await stat(join(home, 'postgres', 'password'))).mode & 0o777).toBe(0o600)
    expect((await readdir(join(home, 'postgres'))).filter((name) => name.startsWith('init-'))).toEqual([])
  })

  it('answers as promised: UTF-8, UTC, checksums, durable, measuring, on loopback only', async () => {
    const pool = await connectPool(server.url, { applicationName: 'esa test', statementTimeoutMs: 1_234 })
    onTestFinished(() => pool.end())
    const promised = {
      server_encoding: 'UTF8',
      TimeZone: 'UTC',
      data_checksums: 'on',
      fsync: 'on',
      shared_preload_libraries: 'pg_stat_statements',
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      application_name: 'esa test',
      statement_timeout: '1234ms',
    }
    const { rows } = await pool.query<{ name: string; value: string }>(
      'SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name',
      [Object.keys(promised)],
    )
    expect(Object.fromEntries(rows.map(({ name, value }) => [name, value]))).toEqual(promised)
  })

  it('reads bigints as numbers, exactly or not at all', async () => {
    const pool = await connectPool(server.url)
    onTestFinished(() => pool.end())
    const { rows } = await pool.query(
      'SELECT count(*) AS n, ARRAY[1, NULL, 3]::bigint[] AS list FROM pg_am WHERE false',
    )
    expect(rows).toEqual([{ n: 0, list: [1, null, 3] }])
    await expect(pool.query('SELECT 9007199254740993::bigint')).rejects.toMatchObject({
      code: 'database.unsafe-integer',
    })
  })

  it('creates and drops databases', async () => {
    const url = await createDatabase(server.url, 'my "shop"')
    expect(await createDatabase(server.url, 'my "shop"')).toBe(url)
    const pool = await connectPool(url)
    expect((await pool.query('SELECT current_database() AS name')).rows).toEqual([{ name: 'my "shop"' }])
    await pool.end()
    expect(await dropDatabase(url, 'my "shop"')).toBe(true)
    expect(await dropDatabase(server.url, 'my "shop"')).toBe(false)
    await expect(createDatabase(server.url, 'x'.repeat(64))).rejects.toMatchObject({
      code: 'database.name-invalid',
    })
  })

  it('survives kill -9: committed rows stay, and a pool with a client in hand goes on', async () => {
    const broken: string[] = []
    const pool = await connectPool(server.url, { onError: (error) => broken.push(error.code) })
    onTestFinished(() => pool.end())
    await pool.query('CREATE TABLE kept (n int)')
    await pool.query('INSERT INTO kept VALUES (7)')
    const client = await pool.connect()
    const cut = once(client, 'error')
    process.kill(server.pid, 'SIGKILL')
    await cut
    client.release(true)
    const again = await ensureEmbeddedServer({ home })
    expect(again).toMatchObject({ started: true, port: server.port, url: server.url })
    expect(again.pid).not.toBe(server.pid)
    expect((await pool.query('SELECT n FROM kept')).rows).toEqual([{ n: 7 }])
    expect(new Set(broken)).toEqual(new Set(['database.unreachable']))
  })

  it('gives a copied home a server of its own', async () => {
    const copy = await newHome()
    await cp(home, copy, { recursive: true })
    await chmod(join(copy, 'postgres', 'data'), 0o700)
    const original = await ensureEmbeddedServer({ home })
    const other = await ensureEmbeddedServer({ home: copy })
    expect(other.started).toBe(true)
    expect(other.port).not.toBe(original.port)
    const pool = await connectPool(original.url)
    onTestFinished(() => pool.end())
    const { rows } = await pool.query("SELECT current_setting('data_directory') AS dir")
    expect(rows).toEqual([{ dir: join(home, 'postgres', 'data') }])
  })

  it('stops and is gone; then says which program holds its port, or why it does not start', async () => {
    expect(await stopEmbeddedServer({ home })).toBe(true)
    expect(await stopEmbeddedServer({ home })).toBe(false)
    expect(await embeddedServerStatus({ home })).toMatchObject({ state: 'stopped', server: undefined })

    const intruder = createServer().listen(server.port, '127.0.0.1')
    await once(intruder, 'listening')
    await expect(ensureEmbeddedServer({ home })).rejects.toMatchObject({
      code: 'database.port-in-use',
      details: { port: server.port },
    })
    intruder.close()
    await once(intruder, 'close')

    const settings = join(home, 'postgres', 'data', 'postgresql.conf')
    const good = await readFile(settings)
    await appendFile(settings, '\nmax_connections = many\n')
    await expect(ensureEmbeddedServer({ home })).rejects.toMatchObject({
      code: 'database.start-failed',
      details: { log: expect.stringContaining('max_connections') },
    })
    await writeFile(settings, good)
    expect((await ensureEmbeddedServer({ home })).started).toBe(true)
  })
})

describe('a new home', () => {
  afterEach(removeHomes)

  it('is started by one of two processes, and adopted by the other', async () => {
    const home = await newHome()
    const code = 'say(await esa.ensureEmbeddedServer({ home }))'
    const pair = [otherProcess(home, code), otherProcess(home, code)]
    const servers = await Promise.all(pair.map((child) => firstLine<EmbeddedServer>(child)))
    expect(servers.filter(({ started }) => started)).toHaveLength(1)
    expect(new Set(servers.map(({ pid }) => pid)).size).toBe(1)
    // Both are gone by now or soon; the server is not.
    expect(await ensureEmbeddedServer({ home })).toMatchObject({ started: false, pid: servers[0]!.pid })
  })

  it('recovers from a kill -9 in the middle of its creation, and from a lock whose holder died', async () => {
    const home = await newHome()
    const creating = otherProcess(home, 'await esa.ensureEmbeddedServer({ home, onProgress: say })')
    expect(await firstLine(creating)).toMatch(/Creating/)
    const waiting = ensureEmbeddedServer({ home })
    creating.kill('SIGKILL')
    expect((await waiting).started).toBe(true)
  })

  it('works for a normal user', async () => {
    const home = await newHome()
    const { uid, gid } = NORMAL_USER
    if (uid !== undefined && gid !== undefined) await chown(home, uid, gid)
    const child = otherProcess(
      home,
      `const server = await esa.ensureEmbeddedServer({ home })
       const pool = await esa.connectPool(server.url)
       const { rows } = await pool.query('SELECT 1 AS one')
       await pool.end()
       say({ rows, stopped: await esa.stopEmbeddedServer({ home }) })`,
      NORMAL_USER,
    )
    expect(await firstLine(child)).toEqual({ rows: [{ one: 1 }], stopped: true })
  })

  it('works below a folder that only its owner may pass', async () => {
    const home = await newHome()
    expect((await stat(home)).mode & 0o777).toBe(0o700)
    expect((await ensureEmbeddedServer({ home: join(home, 'deep', 'er') })).started).toBe(true)
    expect(await stopEmbeddedServer({ home: join(home, 'deep', 'er') })).toBe(true)
  })

  it('says when it may not be written, or is not a folder', async () => {
    const child = otherProcess(
      '/usr/esa-home',
      'await esa.ensureEmbeddedServer({ home }).catch((error) => say([error.code, error.kind]))',
      NORMAL_USER,
    )
    expect(await firstLine(child)).toEqual(['database.home-forbidden', 'terminal'])
    const file = join(await newHome(), 'file')
    await writeFile(file, '')
    await expect(ensureEmbeddedServer({ home: file })).rejects.toMatchObject({
      code: 'database.home-not-a-folder',
    })
  })
})
