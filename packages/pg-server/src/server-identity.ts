import { execFile } from 'node:child_process'
import { chmod, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { EsaError } from '@esa/protocol'

const run = promisify(execFile)

/** Accounts to run as when we are root, which PostgreSQL refuses. We never create an account on the machine. */
const UNPRIVILEGED_USERS = ['postgres', 'nobody']

/** The weaker right first; containers often withhold it and leave the other. */
const TRAVERSAL_CAPABILITIES = ['dac_read_search', 'dac_override']

/**
 * initdb asks access(2) whether it may run its neighbor, and the kernel takes a capability away for that question unless
 * this bit is set. Where setting it is withheld, a closed data directory alone still works. Source: capabilities(7).
 */
const SECURE_BITS = [['--securebits=+no_setuid_fixup'], []]

/** All that PostgreSQL's programs get: no PG* variable changes them, no secret of ours reaches them, messages are English. */
export const SERVER_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
}

/** Who PostgreSQL's programs run as, and the words to put before their command line. */
export interface ServerIdentity {
  /** Set only when we are root. */
  owner: { uid: number; gid: number } | undefined
  /** Turns a command into the one to spawn. */
  command(file: string, args: string[]): { file: string; args: string[]; uid?: number; gid?: number }
}

/**
 * Our own user, or, for root, the owner of the data directory, else `postgres`, else `nobody`. When that account may not
 * pass a parent folder (a clone below /root or in a 0700 temporary folder), it gets one capability for it.
 * @throws EsaError `database.no-unprivileged-user`, `database.folder-closed` (terminal).
 */
export async function serverIdentity(dataDirectory: string, postgres: string): Promise<ServerIdentity> {
  if (process.getuid?.() !== 0) return { owner: undefined, command: (file, args) => ({ file, args }) }
  const owner = (await ownerOf(dataDirectory)) ?? (await unprivilegedUser())
  await giveAway(dataDirectory, owner)
  const closed =
    (await closedParent(dirname(dataDirectory), owner)) ?? (await closedParent(dirname(postgres), owner))
  if (closed === undefined) return { owner, command: (file, args) => ({ file, args, ...owner }) }
  const ways = SECURE_BITS.flatMap((bits) =>
    TRAVERSAL_CAPABILITIES.map((capability) => ({ bits, capability })),
  )
  for (const { bits, capability } of ways) {
    const identity = withCapability(owner, capability, bits)
    const { file, args } = identity.command(postgres, ['--version'])
    const works = await run(file, args, { env: SERVER_ENVIRONMENT, cwd: '/' }).catch(() => undefined)
    if (works) return identity
  }
  throw new EsaError(
    'database.folder-closed',
    'terminal',
    `PostgreSQL does not run as root, and user ${owner.uid} may not pass ${closed}.`,
    { hint: `Run \`chmod o+x ${closed}\`, or run as a normal user.`, details: { folder: closed, ...owner } },
  )
}

function withCapability(
  owner: { uid: number; gid: number },
  capability: string,
  bits: string[],
): ServerIdentity {
  const words = [
    ...bits,
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    '--clear-groups',
    `--inh-caps=+${capability}`,
    `--ambient-caps=+${capability}`,
  ]
  return { owner, command: (file, args) => ({ file: 'setpriv', args: [...words, file, ...args] }) }
}

async function ownerOf(dataDirectory: string): Promise<{ uid: number; gid: number } | undefined> {
  const stats = await stat(dataDirectory).catch(() => undefined)
  return stats && stats.uid !== 0 ? { uid: stats.uid, gid: stats.gid } : undefined
}

/** A home that root copied or restored belongs to root and is open, and PostgreSQL refuses both. */
async function giveAway(dataDirectory: string, owner: { uid: number; gid: number }): Promise<void> {
  const stats = await stat(dataDirectory).catch(() => undefined)
  if (stats?.uid !== 0) return
  await run('chown', ['-R', `${owner.uid}:${owner.gid}`, dataDirectory])
  await chmod(dataDirectory, 0o700)
}

async function unprivilegedUser(): Promise<{ uid: number; gid: number }> {
  for (const name of UNPRIVILEGED_USERS) {
    const ids = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]).catch(() => undefined)
    if (ids) return { uid: Number(ids[0].stdout), gid: Number(ids[1].stdout) }
  }
  throw new EsaError(
    'database.no-unprivileged-user',
    'terminal',
    'PostgreSQL does not run as root, and this machine has neither a user postgres nor a user nobody.',
    { hint: 'Run as a normal user, or create one: useradd --system postgres' },
  )
}

/** The outermost folder on the way to `path` (itself included) that the account may not pass. */
export async function closedParent(
  path: string,
  who: { uid: number; gid: number },
): Promise<string | undefined> {
  const parent = dirname(path)
  const above = parent === path ? undefined : await closedParent(parent, who)
  if (above !== undefined) return above
  const { mode, uid, gid } = await stat(path)
  const bit = uid === who.uid ? 0o100 : gid === who.gid ? 0o010 : 0o001
  return (mode & bit) === 0 ? path : undefined
}
