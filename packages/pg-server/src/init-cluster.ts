import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { EsaError } from '@esa/protocol'
import { errorCode } from './error-code.ts'
import { diskFull } from './home-errors.ts'
import type { HomePaths } from './home-paths.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { SERVER_ENVIRONMENT, type ServerIdentity } from './server-identity.ts'

const run = promisify(execFile)

type ClusterPaths = Pick<HomePaths, 'directory' | 'data' | 'passwordFile'>

/** The superuser of every embedded server. */
export const SUPERUSER = 'postgres'
const INIT_PREFIX = 'init-'
const PASSWORD_BYTES = 24

/** Written into postgresql.conf once, so an operator may change them there. */
const INITIAL_SETTINGS: Readonly<Record<string, string>> = {
  // Workers, queues and the watched database share this server.
  max_connections: '200',
  // Layer 1 reads statement and I/O times from these.
  shared_preload_libraries: 'pg_stat_statements',
  track_io_timing: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
}

/** True once the data directory is complete. */
export async function isInitialised(paths: Pick<ClusterPaths, 'data'>): Promise<boolean> {
  return await stat(join(paths.data, 'PG_VERSION')).then(
    () => true,
    (error: unknown) => {
      if (errorCode(error) === 'ENOENT') return false
      throw error
    },
  )
}

/** What differs between the servers that are made: who rules them, and what postgresql.conf says. */
export interface ClusterKind {
  superuser: string
  settings: Readonly<Record<string, string>>
}

/** The server of a home. */
const HOME_SERVER: ClusterKind = { superuser: SUPERUSER, settings: INITIAL_SETTINGS }

/**
 * Makes the data directory: UTF-8, C.UTF-8 order, checksums, passwords by SCRAM. It grows beside its place and is renamed
 * when complete, so a kill at any point leaves nothing half made. Call it under the home's lock.
 */
export async function initCluster(
  paths: ClusterPaths,
  binaries: PostgresBinaries,
  identity: ServerIdentity,
  kind: ClusterKind = HOME_SERVER,
): Promise<void> {
  await removeUnfinished(paths)
  const workshop = join(paths.directory, `${INIT_PREFIX}${randomBytes(4).toString('hex')}`)
  const password = randomBytes(PASSWORD_BYTES).toString('base64url')
  const passwordFile = join(workshop, 'password')
  await mkdir(workshop, { mode: 0o700 })
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  if (identity.owner) {
    const { uid, gid } = identity.owner
    await chown(passwordFile, uid, gid)
    await chown(workshop, uid, gid)
  }
  await runInitdb(paths, binaries, { identity, kind }, workshop)
  await writeFile(paths.passwordFile, password, { mode: 0o600 })
  await rename(join(workshop, 'data'), paths.data)
  await syncFolder(paths.directory)
  await removeUnfinished(paths)
}

async function runInitdb(
  paths: ClusterPaths,
  binaries: PostgresBinaries,
  { identity, kind }: { identity: ServerIdentity; kind: ClusterKind },
  workshop: string,
): Promise<void> {
  const settings = Object.entries(kind.settings).map(([name, value]) => `--set=${name}=${value}`)
  const { file, args, ...ids } = identity.command(binaries.initdb, [
    `--pgdata=${join(workshop, 'data')}`,
    `--username=${kind.superuser}`,
    `--pwfile=${join(workshop, 'password')}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--data-checksums',
    ...settings,
  ])
  try {
    await run(file, args, { ...ids, cwd: '/', env: SERVER_ENVIRONMENT })
  } catch (error) {
    await rm(workshop, { recursive: true, force: true })
    const output = ((error as { stderr?: string }).stderr ?? '').trim()
    if (/No space left on device/.test(output))
      throw diskFull(paths.directory, { cause: error, details: { output } })
    throw new EsaError('database.init-failed', 'terminal', 'PostgreSQL could not create its files.', {
      cause: error,
      hint: 'The output of initdb in the details says why.',
      details: { output, directory: paths.directory },
    })
  }
}

/** Leftovers of a start that was killed. Its initdb may still be writing for a moment: then the next start removes them. */
async function removeUnfinished(paths: Pick<ClusterPaths, 'directory'>): Promise<void> {
  const unfinished = (await readdir(paths.directory)).filter((name) => name.startsWith(INIT_PREFIX))
  for (const name of unfinished) {
    await rm(join(paths.directory, name), { recursive: true, force: true }).catch(() => {})
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
