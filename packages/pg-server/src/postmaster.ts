import { execFile } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { errorCode } from './error-code.ts'

const run = promisify(execFile)

/** What a running server writes into its data directory (`postmaster.pid`). */
export interface Postmaster {
  pid: number
  port: number | undefined
  ready: boolean
}

/** The postmaster file of a data directory as it is, whether its process lives or not. */
export async function readPostmasterFile(dataDirectory: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(missingIsUndefined)
  const lines = text?.split('\n')
  const pid = Number(lines?.[0])
  if (!lines || !Number.isInteger(pid) || pid <= 0) return undefined
  const port = Number(lines[3])
  return { pid, port: port > 0 ? port : undefined, ready: lines[7]?.trim() === 'ready' }
}

/** The server that runs on this data directory; undefined when its file is stale, foreign or absent. */
export async function runningPostmaster(dataDirectory: string): Promise<Postmaster | undefined> {
  const postmaster = await readPostmasterFile(dataDirectory)
  return postmaster && (await servesDirectory(postmaster.pid, dataDirectory)) ? postmaster : undefined
}

/**
 * True while process `pid` is the postmaster of this very directory. A postmaster works in its data directory, which tells it
 * from a reused pid, from the server of a copied home, and from a dead process that was not reaped.
 */
export async function servesDirectory(pid: number, dataDirectory: string): Promise<boolean> {
  if (process.platform !== 'linux') {
    const ps = await run('ps', ['-o', 'stat=,args=', '-p', String(pid)]).catch(() => undefined)
    return ps !== undefined && !ps.stdout.startsWith('Z') && ps.stdout.includes(`-D ${dataDirectory} `)
  }
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === dataDirectory
  } catch (error) {
    if (errorCode(error) !== 'EACCES') return false
    // Root in a container may not look into other users' processes; their command lines are open to all.
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    return words.split('\0').includes(dataDirectory)
  }
}

/** True when any process has this pid, ours to signal or not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

function missingIsUndefined(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error
}
