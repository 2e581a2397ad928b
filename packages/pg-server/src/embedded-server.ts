import { mkdir, stat } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { EsaError } from '@esa/protocol'
import { createDatabase, createLogin } from './databases.ts'
import { inHome } from './home-errors.ts'
import { withHomeLock } from './home-lock.ts'
import { type HomePaths, homePaths } from './home-paths.ts'
import { initCluster, isInitialised } from './init-cluster.ts'
import { postgresBinaries } from './postgres-binaries.ts'
import { type Postmaster, runningPostmaster, servesDirectory } from './postmaster.ts'
import { serverIdentity } from './server-identity.ts'
import { DATABASE, keptPort, serverUrls, settledPort } from './server-settings.ts'
import { startServer } from './start-server.ts'

/** A fast stop writes a checkpoint first; beyond this the disk is in trouble and a person should look. */
const STOP_TIMEOUT_MS = 60_000
const POLL_MS = 10

/** A running embedded PostgreSQL 18. Its URLs hold a password: print them through `describeUrl`. */
export interface EmbeddedServer {
  /** The database `esa`, as superuser. */
  url: string
  /** The database `postgres` of the same server. */
  adminUrl: string
  /** The database `esa`, as the runtime: a role that owns nothing. */
  runtimeUrl: string
  port: number
  pid: number
  /** True when this call started it. */
  started: boolean
}

/** What is there without starting or changing anything. */
export interface EmbeddedServerStatus {
  state: 'absent' | 'stopped' | 'running'
  /** Set while it runs. */
  server: Omit<EmbeddedServer, 'started'> | undefined
  /** Where it runs when it does; undefined before its first start. */
  port: number | undefined
  dataDirectory: string
  logFile: string
}

/**
 * The home's PostgreSQL, adopted when it runs and otherwise started in the background, where it outlives this process.
 * Safe from several processes at once. The first start of a home also creates its files (about 1 s).
 * @throws EsaError `database.home-forbidden`, `database.disk-full`, `database.platform-unsupported`, `database.port-in-use`,
 *   `database.start-failed` (terminal), `database.home-busy` (transient).
 */
export async function ensureEmbeddedServer(options: {
  home: string
  onProgress?: (message: string) => void
}): Promise<EmbeddedServer> {
  const { home, onProgress = () => {} } = options
  return await inHome(home, async () => {
    const adopted = await adopt(homePaths(home))
    if (adopted) return adopted
    await mkdir(homePaths(home).directory, { recursive: true, mode: 0o755 })
    const paths = homePaths(home)
    return await withHomeLock(
      paths.lockFile,
      async () => (await adopt(paths)) ?? (await start(paths, onProgress)),
    )
  })
}

/**
 * Stops the home's server and waits until it is gone; false when none ran. `fast` (default) ends its connections and
 * writes everything down, `immediate` leaves that to the next start.
 */
export async function stopEmbeddedServer(options: {
  home: string
  mode?: 'fast' | 'immediate'
}): Promise<boolean> {
  const paths = homePaths(options.home)
  return await inHome(options.home, async () => {
    if (!(await exists(paths.data))) return false
    return await withHomeLock(paths.lockFile, async () => {
      const postmaster = await runningPostmaster(paths.data)
      if (!postmaster) return false
      process.kill(postmaster.pid, options.mode === 'immediate' ? 'SIGQUIT' : 'SIGINT')
      const giveUpAt = performance.now() + STOP_TIMEOUT_MS
      while (await servesDirectory(postmaster.pid, paths.data)) {
        if (performance.now() > giveUpAt) throw stopTimedOut(paths, postmaster)
        await wait(POLL_MS)
      }
      return true
    })
  })
}

/** Whether the home has a server and whether it runs. */
export async function embeddedServerStatus(options: { home: string }): Promise<EmbeddedServerStatus> {
  const paths = homePaths(options.home)
  return await inHome(options.home, async () => {
    const postmaster = await runningPostmaster(paths.data)
    const running = postmaster?.ready === true && postmaster.port !== undefined
    return {
      state: running ? 'running' : (await exists(paths.data)) ? 'stopped' : 'absent',
      server: running ? await describe(paths, postmaster.pid, postmaster.port!) : undefined,
      port: await keptPort(paths),
      dataDirectory: paths.data,
      logFile: paths.logFile,
    }
  })
}

async function adopt(paths: HomePaths): Promise<EmbeddedServer | undefined> {
  const postmaster = await runningPostmaster(paths.data)
  if (!postmaster?.ready || postmaster.port === undefined) return undefined
  return await open(paths, postmaster.pid, postmaster.port, false)
}

async function start(paths: HomePaths, onProgress: (message: string) => void): Promise<EmbeddedServer> {
  const binaries = await postgresBinaries()
  const identity = await serverIdentity(paths.data, binaries.postgres)
  if (!(await isInitialised(paths))) {
    onProgress('Creating the database files')
    await initCluster(paths, binaries, identity)
  }
  onProgress('Starting PostgreSQL 18')
  const port = await settledPort(paths)
  const postmaster = await startServer(paths, binaries, identity, port)
  return await open(paths, postmaster.pid, postmaster.port ?? port, postmaster.started)
}

async function open(paths: HomePaths, pid: number, port: number, started: boolean): Promise<EmbeddedServer> {
  const server = await describe(paths, pid, port)
  await createDatabase(server.adminUrl, DATABASE)
  await createLogin(server.adminUrl, server.runtimeUrl)
  return { ...server, started }
}

async function describe(
  paths: HomePaths,
  pid: number,
  port: number,
): Promise<Omit<EmbeddedServer, 'started'>> {
  return { ...(await serverUrls(paths, port)), port, pid }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

function stopTimedOut(paths: HomePaths, postmaster: Postmaster): EsaError {
  return new EsaError(
    'database.stop-timeout',
    'transient',
    `PostgreSQL (pid ${postmaster.pid}) is still stopping.`,
    {
      hint: `See ${paths.logFile}; an immediate stop does not wait for the disk.`,
      details: { ...postmaster },
    },
  )
}
