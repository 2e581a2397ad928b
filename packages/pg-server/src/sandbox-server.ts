import { execFile } from 'node:child_process'
import { chmod, chown, lstat, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { EsaError } from '@esa/protocol'
import { inHome } from './home-errors.ts'
import { withHomeLock } from './home-lock.ts'
import { initCluster } from './init-cluster.ts'
import { postgresBinaries } from './postgres-binaries.ts'
import { runningPostmaster, servesDirectory } from './postmaster.ts'
import {
  type Confinement,
  confinementHere,
  confining,
  reachableNative,
  SANDBOX_UID,
} from './sandbox-confinement.ts'
import { runningKeeper, startKeeper } from './sandbox-keeper.ts'
import { serverIdentity } from './server-identity.ts'

const run = promisify(execFile)

/** Who rules the sandbox's server. No other role is called so, and `postgres` is an ordinary name there. */
export const SANDBOX_ADMIN = 'esa_sbx_admin'

/** A path of a socket is cut beyond this on macOS, bytes; `/s/.s.PGSQL.5432` comes on top of the folder. */
const DIRECTORY_MAX_BYTES = 80

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 30_000
const POLL_MS = 20
/** How much of the log an error carries. */
const LOG_TAIL_CHARS = 2_048

/** What postgresql.conf says from the start. */
const INITIAL_SETTINGS = {
  // Layer 1 reads statement and I/O times from these.
  shared_preload_libraries: 'pg_stat_statements',
  track_io_timing: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // A large schema is made in one transaction at times.
  max_connections: '64',
  max_locks_per_transaction: '256',
  max_wal_size: '512MB',
}

/** Nothing that is tried there may write a log or open a port, and nothing of it is worth waiting for the disk. */
const FIXED_SETTINGS = {
  listen_addresses: '',
  port: '5432',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  log_min_messages: 'panic',
  log_min_error_statement: 'panic',
  // Of 8 GB that notices may take on the disk by default, 8 MB.
  max_notify_queue_pages: '1024',
}

/** A running sandbox. Its URL holds a password: print it through `describeUrl`. */
export interface SandboxServer {
  /** The database `postgres`, as the admin. */
  adminUrl: string
  confinement: Confinement
  /** Tells its keeper that it is in use: it is stopped 10 minutes after the last call. */
  touch(): Promise<void>
}

/** Where a sandbox is, and how its admin gets in: kept in the home, 0600. */
interface SandboxFile {
  directory: string
  uid: number
  confinement: Confinement
  password: string
}

/** Whose sandbox, and as which account it runs where this process is root. */
export interface SandboxOptions {
  home: string
  /** 64901 by default. */
  uid?: number | undefined
  onProgress?: (message: string) => void
  /** How often its keeper looks whether it is idle, s; for tests. */
  lookEveryS?: number
}

/**
 * The home's server for whatever is only tried: it serves nothing else, its files lie outside the home, and only a Unix socket
 * leads to it. Adopted when it runs, else started, and made again where it does not start. Safe from several processes at once.
 * @throws EsaError `database.*` (terminal), among them `database.no-setpriv`, `database.home-busy` (transient).
 */
export async function ensureSandbox(options: SandboxOptions): Promise<SandboxServer> {
  const { home, uid = SANDBOX_UID } = options
  return await inHome(home, async () => {
    const place = placeOf(home)
    await mkdir(place.folder, { recursive: true, mode: 0o700 })
    return await withHomeLock(place.lockFile, async () => {
      const confinement = await confinementHere(uid)
      const kept = await readKept(place.file)
      if (kept !== undefined && kept.uid === uid && kept.confinement === confinement) {
        const running = await adopt(kept)
        if (running !== undefined) return running
        const restarted = await start(kept, options).catch(() => undefined)
        if (restarted !== undefined) return restarted
      }
      if (kept !== undefined) await discard(kept)
      const made = await make(place, { uid, confinement }, options)
      return await start(made, options)
    })
  })
}

/** Stops the home's sandbox; false when none ran. With `remove` its files go, too. */
export async function stopSandbox({
  home,
  remove = false,
}: {
  home: string
  remove?: boolean
}): Promise<boolean> {
  return await inHome(home, async () => {
    const place = placeOf(home)
    const kept = await readKept(place.file)
    if (kept === undefined) return false
    return await withHomeLock(place.lockFile, async () => {
      const ran = await stop(kept)
      if (remove) {
        await discard(kept)
        await rm(place.file, { force: true })
      }
      return ran
    })
  })
}

function placeOf(home: string): { folder: string; file: string; lockFile: string } {
  const folder = resolve(home, 'sandbox')
  return { folder, file: join(folder, 'sandbox.json'), lockFile: join(folder, 'lock') }
}

/** Undefined when there is none, or its folder is gone or not the one that we made. */
async function readKept(file: string): Promise<SandboxFile | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  if (text === '') return undefined
  const kept = JSON.parse(text) as SandboxFile
  // Anyone may make a folder in the temporary one: after it was emptied, one of that name may be another's.
  const found = await lstat(kept.directory).catch(() => undefined)
  const ours = found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0
  return ours ? kept : undefined
}

async function make(
  place: { file: string },
  { uid, confinement }: { uid: number; confinement: Confinement },
  { onProgress = () => {} }: SandboxOptions,
): Promise<SandboxFile> {
  onProgress('Creating the database files')
  const short = Buffer.byteLength(tmpdir()) <= DIRECTORY_MAX_BYTES - 'esa-sbx-XXXXXX/'.length
  const directory = await mkdtemp(join(short ? tmpdir() : '/tmp', 'esa-sbx-'))
  // The server's account passes through; only its own folders below are open to it.
  await chmod(directory, 0o711)
  const { data, socket, used, log } = partsOf(directory)
  const binaries = await postgresBinaries()
  const passwordFile = join(directory, 'password')
  const identity = await serverIdentity(data, binaries.initdb)
  await initCluster({ directory, data, passwordFile }, binaries, identity, {
    superuser: SANDBOX_ADMIN,
    settings: INITIAL_SETTINGS,
  })
  const password = (await readFile(passwordFile, 'utf8')).trim()
  await rm(passwordFile)
  await mkdir(socket, { mode: 0o700 })
  for (const file of [used, log]) await writeFile(file, '', { mode: 0o600 })
  if (confinement === 'account') {
    // initdb takes an account that has a name; the server takes any.
    await run('chown', ['-R', `${uid}:${uid}`, data])
    await chown(socket, uid, uid)
  }
  const made: SandboxFile = { directory, uid, confinement, password }
  await writeFile(place.file, `${JSON.stringify(made)}\n`, { mode: 0o600 })
  return made
}

/** The parts of a sandbox's folder. */
function partsOf(directory: string): { data: string; socket: string; used: string; log: string } {
  return {
    data: join(directory, 'data'),
    socket: join(directory, 's'),
    used: join(directory, 'used'),
    log: join(directory, 'server.log'),
  }
}

async function start(kept: SandboxFile, { onProgress, lookEveryS }: SandboxOptions): Promise<SandboxServer> {
  onProgress?.('Starting PostgreSQL 18')
  const { directory } = kept
  const { data, socket, log } = partsOf(directory)
  await stop(kept)
  // What a killed server left; in a namespace its process id says nothing.
  await rm(join(data, 'postmaster.pid'), { force: true })
  await touch(directory)
  const { postgres } = await postgresBinaries()
  const native = await reachableNative(dirname(dirname(postgres)), kept)
  const settings = Object.entries({ ...FIXED_SETTINGS, unix_socket_directories: socket })
  const command = [
    ...(await confining({ ...kept, native })),
    join(native, 'bin', 'postgres'),
    '-D',
    data,
    ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]
  // PostgreSQL ends at once by SIGINT; bubblewrap takes what runs in it along when it ends itself.
  const endBy = kept.confinement === 'namespace' ? 'TERM' : 'INT'
  const keeper = await startKeeper({ directory, data, endBy }, command, lookEveryS)
  let ended = false
  keeper.once('exit', () => (ended = true)).once('error', () => (ended = true))
  const giveUpAt = performance.now() + START_TIMEOUT_MS
  for (;;) {
    const running = await adopt(kept)
    if (running !== undefined) return running
    if (ended || performance.now() > giveUpAt) break
    await wait(POLL_MS)
  }
  await stop(kept)
  const said = (await readFile(log, 'utf8').catch(() => '')).slice(-LOG_TAIL_CHARS)
  throw new EsaError('database.start-failed', 'terminal', 'The sandbox’s PostgreSQL did not start.', {
    details: { logFile: log, log: said },
    hint: `Its log says why: ${log}`,
  })
}

/** The sandbox when it answers. */
async function adopt({ directory, password, confinement }: SandboxFile): Promise<SandboxServer | undefined> {
  await touch(directory)
  const { socket } = partsOf(directory)
  const adminUrl = `postgresql://${SANDBOX_ADMIN}:${encodeURIComponent(password)}@${encodeURIComponent(socket)}/postgres`
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: START_TIMEOUT_MS })
  client.on('error', () => {})
  try {
    await client.connect()
    return { adminUrl, confinement, touch: () => touch(directory) }
  } catch {
    return undefined
  } finally {
    await client.end().catch(() => {})
  }
}

async function touch(directory: string): Promise<void> {
  const now = new Date()
  await utimes(partsOf(directory).used, now, now).catch(() => {})
}

/** Ends the keeper and the server. Nothing that is there has to be written down. */
async function stop({ directory }: SandboxFile): Promise<boolean> {
  const { data } = partsOf(directory)
  const pids = [await runningKeeper({ directory, data }), (await runningPostmaster(data))?.pid]
  const living = pids.filter((pid) => pid !== undefined)
  for (const pid of living.toReversed()) kill(pid, pid === pids[0] ? 'SIGTERM' : 'SIGQUIT')
  const giveUpAt = performance.now() + STOP_TIMEOUT_MS
  for (const pid of living)
    while (await servesDirectory(pid, data)) {
      if (performance.now() > giveUpAt) kill(pid, 'SIGKILL')
      await wait(POLL_MS)
    }
  return living.length > 0
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended by itself.
  }
}

async function discard(kept: SandboxFile): Promise<void> {
  await stop(kept)
  await rm(kept.directory, { recursive: true, force: true })
}
