import { spawn } from 'node:child_process'
import { open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { EsaError } from '@esa/protocol'
import { diskFull } from './home-errors.ts'
import type { HomePaths } from './home-paths.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import {
  isAlive,
  type Postmaster,
  readPostmasterFile,
  runningPostmaster,
  servesDirectory,
} from './postmaster.ts'
import { SERVER_ENVIRONMENT, type ServerIdentity } from './server-identity.ts'

/** Replaying the log after a crash can take this long on a slow disk; a clean start takes 0.1 s. */
const START_TIMEOUT_MS = 80_000
const POLL_MS = 10
/** Backends of a killed server end within about a second, and hold its shared memory until then. */
const LEFTOVER_WAIT_MS = 15_000
const LEFTOVER_RETRY_MS = 200
/** A log beyond this is set aside once, at the next start, so that a home cannot fill its disk with it. */
const LOG_MAX_BYTES = 16 * 1024 * 1024
/** How much of the log an error carries. */
const LOG_TAIL_BYTES = 2_048

/** What a killed server leaves for a moment: its file, or its shared memory while a backend still lives. */
const LEFTOVER = /lock file "postmaster.pid" already exists|pre-existing shared memory block/

/**
 * Starts the server in the background and returns when it answers; it lives on after this process. One that a dead process
 * had begun to start is waited for instead. Call it under the home's lock.
 * @throws EsaError `database.port-in-use`, `database.disk-full`, `database.start-failed` (terminal), each with the tail of the log.
 */
export async function startServer(
  paths: HomePaths,
  binaries: PostgresBinaries,
  identity: ServerIdentity,
  port: number,
): Promise<Postmaster & { started: boolean }> {
  await setLogAside(paths)
  await removeForeignPostmasterFile(paths)
  const giveUpAt = performance.now() + LEFTOVER_WAIT_MS
  for (;;) {
    const begun = await waitUntilReady(paths)
    if (begun) return { ...begun, started: false }
    const outcome = await startOnce(paths, binaries, identity, port)
    if (typeof outcome !== 'string') return { ...outcome, started: true }
    if (!LEFTOVER.test(outcome) || performance.now() > giveUpAt) throw startFailed(paths, port, outcome)
    await wait(LEFTOVER_RETRY_MS)
  }
}

/** The server that runs on the directory once it is ready; undefined when none runs, or it ends before. */
async function waitUntilReady(paths: HomePaths): Promise<Postmaster | undefined> {
  const giveUpAt = performance.now() + START_TIMEOUT_MS
  for (;;) {
    const postmaster = await runningPostmaster(paths.data)
    if (!postmaster || postmaster.ready || performance.now() > giveUpAt) return postmaster
    await wait(POLL_MS)
  }
}

/** The ready server, or what it wrote before it gave up. */
async function startOnce(
  paths: HomePaths,
  binaries: PostgresBinaries,
  identity: ServerIdentity,
  port: number,
): Promise<Postmaster | string> {
  const log = await open(paths.logFile, 'a', 0o600)
  try {
    const logStart = (await log.stat()).size
    const { file, args, ...ids } = identity.command(binaries.postgres, [
      '-D',
      paths.data,
      '-c',
      `port=${port}`,
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
    ])
    const server = spawn(file, args, {
      ...ids,
      cwd: '/',
      env: SERVER_ENVIRONMENT,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    })
    server.unref()
    let ended: string | undefined
    server.once('exit', (code, signal) => (ended = `exit ${code ?? signal}`))
    server.once('error', (error) => (ended = error.message))
    const giveUpAt = performance.now() + START_TIMEOUT_MS
    while (ended === undefined) {
      const postmaster = await runningPostmaster(paths.data)
      if (postmaster?.ready && postmaster.pid === server.pid) return postmaster
      if (performance.now() > giveUpAt) {
        server.kill('SIGINT')
        ended = `not ready after ${START_TIMEOUT_MS} ms`
      }
      await wait(POLL_MS)
    }
    return `${await readLogFrom(paths, logStart)}\n${ended}`.trim()
  } finally {
    await log.close()
  }
}

/** A copy of a running home, or a restarted container, leaves a file that names another process. */
async function removeForeignPostmasterFile(paths: HomePaths): Promise<void> {
  const left = await readPostmasterFile(paths.data)
  if (left && isAlive(left.pid) && !(await servesDirectory(left.pid, paths.data)))
    await rm(join(paths.data, 'postmaster.pid'), { force: true })
}

async function setLogAside(paths: HomePaths): Promise<void> {
  const stats = await stat(paths.logFile).catch(() => undefined)
  if (stats && stats.size > LOG_MAX_BYTES) await rename(paths.logFile, `${paths.logFile}.old`)
}

async function readLogFrom(paths: HomePaths, start: number): Promise<string> {
  const log = await open(paths.logFile, 'r')
  try {
    const { size } = await log.stat()
    const from = Math.max(start, size - LOG_TAIL_BYTES)
    const { buffer, bytesRead } = await log.read(Buffer.alloc(size - from), 0, size - from, from)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await log.close()
  }
}

function startFailed(paths: HomePaths, port: number, log: string): EsaError {
  const details = { port, logFile: paths.logFile, log }
  if (/could not bind IPv4 address/.test(log))
    return new EsaError(
      'database.port-in-use',
      'terminal',
      `Port ${port} on 127.0.0.1 is taken by another program.`,
      {
        details,
        hint: `Free it, or delete ${paths.settingsFile} to let the next start pick another port.`,
      },
    )
  if (/No space left on device/.test(log)) return diskFull(paths.directory, { details })
  return new EsaError('database.start-failed', 'terminal', 'The embedded PostgreSQL did not start.', {
    details,
    hint: `Its log says why: ${paths.logFile}`,
  })
}
