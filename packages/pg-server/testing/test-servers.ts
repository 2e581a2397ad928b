import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { WebSocketServer } from 'ws'

/** The programs of a PostgreSQL of another major than ours: Debian's 15, or those that `pnpm test:versions` fetched. */
// oxlint-disable-next-line node/no-process-env -- test equipment, which its runner configures
export const OTHER_BIN = process.env['ESA_POSTGRES_BIN'] ?? '/usr/lib/postgresql/15/bin'

/** A server that does not answer by then never will, ms. */
const READY_WITHIN_MS = 20_000
const POLL_MS = 20

/** Fewer connections than the suite has clients: transactions really move from one to another. */
const POOL_SIZE = 8

/** A server of one test file. */
export interface TestServer {
  url: string
  close(): Promise<void>
}

/** True when a PostgreSQL of another major is here, as a rule Debian's 15; says how to get it when it is not. */
export function hasOtherPostgres(): boolean {
  return found(existsSync(join(OTHER_BIN, 'postgres')), 'PostgreSQL 15', 'postgresql-15')
}

/** True when a PgBouncer is here; says how to get it when it is not. */
export function hasPgBouncer(): boolean {
  return found(spawnSync('pgbouncer', ['--version']).status === 0, 'PgBouncer', 'pgbouncer')
}

/** True when bubblewrap works here: some containers allow no namespaces. */
export function hasBubblewrap(): boolean {
  const works = spawnSync('bwrap', ['--unshare-all', '--ro-bind', '/', '/', 'true']).status === 0
  return found(works, 'bubblewrap that works', 'bubblewrap')
}

/** True when its clients are here, too, pg_dump and pg_basebackup: only Debian's packages bring them. */
export function hasOtherClients(): boolean {
  return existsSync(join(OTHER_BIN, 'pg_dump')) && existsSync(join(OTHER_BIN, 'pg_basebackup'))
}

/** Starts that PostgreSQL with its stock settings on a free port of this machine. */
export async function startOtherPostgres(): Promise<TestServer> {
  const { folder, who } = await ownFolder('esa-pg15-')
  const port = await freePort()
  const data = join(folder, 'data')
  const initdb = ['-D', data, '-U', 'ada', '--auth=trust', '--no-sync', '-E', 'UTF8']
  execFileSync(join(OTHER_BIN, 'initdb'), initdb, { ...who, cwd: folder, stdio: 'pipe' })
  return await startOn({ folder, who, data, port })
}

/** Starts a standby of that PostgreSQL, which follows it by streaming. */
export async function startStandby(primary: TestServer): Promise<TestServer> {
  const { folder, who } = await ownFolder('esa-standby-')
  const port = await freePort()
  const data = join(folder, 'data')
  const copy = ['-d', primary.url, '-D', data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync']
  execFileSync(join(OTHER_BIN, 'pg_basebackup'), copy, { ...who, cwd: folder, stdio: 'pipe' })
  return await startOn({ folder, who, data, port })
}

async function startOn(place: {
  folder: string
  who: object
  data: string
  port: number
}): Promise<TestServer> {
  const { folder, who, data, port } = place
  const args = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-k', '']
  const child = spawn(join(OTHER_BIN, 'postgres'), args, { ...who, cwd: folder, stdio: 'ignore' })
  const close = closing(child, 'SIGQUIT', folder)
  const url = `postgresql://ada@127.0.0.1:${port}/postgres`
  await untilReady(url, child, close)
  return { url, close }
}

/**
 * Starts a PgBouncer in transaction mode before the server of `url`. Connections take turns, so that whatever relies on
 * a session meets another one at once.
 */
export async function startPgBouncer(url: string): Promise<TestServer> {
  const { folder, who } = await ownFolder('esa-pgbouncer-')
  const port = await freePort()
  const { hostname, port: target, username, password } = new URL(url)
  const server = `host=${hostname} port=${target} user=${username} password=${decodeURIComponent(password)}`
  const settings = `[databases]
* = ${server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${POOL_SIZE}
server_round_robin = 1
`
  const file = join(folder, 'pgbouncer.ini')
  await writeFile(file, settings)
  const child = spawn('pgbouncer', ['--quiet', file], { ...who, cwd: folder, stdio: 'ignore' })
  const close = closing(child, 'SIGINT', folder)
  const pooled = new URL(url)
  pooled.port = String(port)
  await untilReady(pooled.href, child, close)
  pooled.searchParams.set('pgbouncer', 'true')
  return { url: pooled.href, close }
}

/** Opens a WebSocket proxy to the server of `url`, as Neon's driver expects one; its URL names the proxy. */
export async function openWebSocketProxy(url: string): Promise<TestServer> {
  const { hostname, port } = new URL(url)
  const proxy = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  proxy.on('connection', (near) => {
    // Else each of the driver's small writes waits 40 ms for the server's answer to the one before.
    const far = connect({ port: Number(port), host: hostname, noDelay: true })
    near.on('message', (bytes: Buffer) => far.write(bytes))
    far.on('data', (bytes) => near.send(bytes))
    near.on('close', () => far.destroy())
    far.on('close', () => near.terminate())
    // The client of a connection notices when it breaks.
    for (const line of [near, far]) line.on('error', () => {})
  })
  await new Promise((resolve) => proxy.once('listening', resolve))
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const proxied = new URL(url)
  proxied.searchParams.set('wsproxy', `127.0.0.1:${address.port}`)
  return {
    url: proxied.href,
    close: async () => {
      for (const line of proxy.clients) line.terminate()
      await new Promise((resolve) => proxy.close(resolve))
    },
  }
}

function found(here: boolean, name: string, debianPackage: string): boolean {
  if (!here)
    process.stderr.write(`\n!! no ${name} here: its tests are SKIPPED (apt-get install ${debianPackage})\n\n`)
  return here
}

/** A folder for a server, and who runs it: neither PostgreSQL nor PgBouncer runs as root. */
async function ownFolder(
  prefix: string,
): Promise<{ folder: string; who: { uid: number; gid: number } | object }> {
  const parent = await mkdtemp(join(tmpdir(), prefix))
  await chmod(parent, 0o755)
  const folder = join(parent, 'server')
  await mkdir(folder, { mode: 0o700 })
  if (process.getuid?.() !== 0) return { folder, who: {} }
  const id = (kind: string) => Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }))
  const who = { uid: id('-u'), gid: id('-g') }
  await chown(folder, who.uid, who.gid)
  return { folder, who }
}

function closing(child: ChildProcess, signal: NodeJS.Signals, folder: string): () => Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve).once('error', resolve))
  return async () => {
    child.kill(signal)
    await gone
    await rm(join(folder, '..'), { recursive: true, force: true })
  }
}

async function untilReady(url: string, child: ChildProcess, close: () => Promise<void>): Promise<void> {
  const { default: pg } = await import('pg')
  const giveUpAt = performance.now() + READY_WITHIN_MS
  for (;;) {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => {})
    const failure = await client.connect().then(
      () => null,
      (error: unknown) => ({ error }),
    )
    await client.end().catch(() => {})
    if (failure === null) return
    if (child.exitCode !== null || performance.now() > giveUpAt) {
      await close()
      throw new Error('a test server did not start', { cause: failure.error })
    }
    await wait(POLL_MS)
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
