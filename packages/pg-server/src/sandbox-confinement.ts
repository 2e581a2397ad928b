import { execFile } from 'node:child_process'
import { cp, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { EsaError } from '@esa/protocol'
import { closedParent } from './server-identity.ts'

const run = promisify(execFile)

/** The account that a sandbox has on a machine where we are root: one that owns nothing else. */
export const SANDBOX_UID = 64_901

/**
 * What confines the sandbox's server besides its role: `account`, a user id of its own; `namespace`, bubblewrap without
 * network and without our files; `none`, our own user id.
 */
export type Confinement = 'account' | 'namespace' | 'none'

/**
 * Which of them this process can give: root an account of its own, others bubblewrap where it works.
 * @throws EsaError `database.no-setpriv` (terminal) for root that cannot: PostgreSQL does not run as root.
 */
export async function confinementHere(uid = SANDBOX_UID): Promise<Confinement> {
  const isRoot = process.getuid?.() === 0
  const [program, ...words] = isRoot ? ownAccount(uid) : [...SEPARATE, '--ro-bind', '/', '/', ...FRESH]
  const failure = await run(program!, [...words, 'true']).then(
    () => null,
    (error: unknown) => ({ error }),
  )
  if (!isRoot) return failure === null ? 'namespace' : 'none'
  if (failure === null) return 'account'
  throw new EsaError(
    'database.no-setpriv',
    'terminal',
    'The sandbox needs an account of its own, and setpriv does not give it one.',
    {
      cause: failure.error,
      hint: 'Install util-linux, run as a normal user, or give a server that serves nothing else: ESA_REHEARSAL_URL',
    },
  )
}

const ownAccount = (uid: number): string[] => [
  'setpriv',
  `--reuid=${uid}`,
  `--regid=${uid}`,
  '--clear-groups',
  '--no-new-privs',
]

/** Namespaces of its own for everything, and an end with its keeper. */
const SEPARATE = ['bwrap', '--unshare-all', '--die-with-parent', '--new-session']

/** Folders of the system that are not the machine's. */
const FRESH = ['--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp']

/** What a command of the server is run with. */
export interface ConfinedCommand {
  confinement: Confinement
  uid: number
  /** The sandbox's own folder: all that it may write. */
  directory: string
  /** The folder of PostgreSQL's programs and libraries. */
  native: string
}

/** The words before a command line that confine it. */
export async function confining({ confinement, uid, directory, native }: ConfinedCommand): Promise<string[]> {
  if (confinement === 'namespace') return bubblewrap(directory, native)
  if (confinement === 'none') return []
  return ownAccount(uid)
}

/** Only the system's libraries and the sandbox's own folder are there, and no network. */
function bubblewrap(directory: string, native: string): string[] {
  const readable = [
    '/lib',
    '/lib64',
    '/etc/ld.so.cache',
    '/etc/passwd',
    '/etc/localtime',
    '/usr/share/zoneinfo',
  ]
  return [
    ...SEPARATE,
    '--ro-bind',
    '/usr',
    '/usr',
    ...readable.flatMap((path) => ['--ro-bind-try', path, path]),
    ...FRESH,
    '--ro-bind',
    native,
    native,
    '--bind',
    directory,
    directory,
  ]
}

/**
 * The folder of PostgreSQL's programs, or a copy of it in the sandbox where its account may not pass a parent folder: a right to
 * pass would be one to read everything.
 */
export async function reachableNative(
  native: string,
  { confinement, uid, directory }: Omit<ConfinedCommand, 'native'>,
): Promise<string> {
  if (confinement !== 'account') return native
  if ((await closedParent(join(native, 'bin'), { uid, gid: uid })) === undefined) return native
  const copy = join(directory, 'native')
  await mkdir(dirname(copy), { recursive: true })
  await cp(native, copy, { recursive: true, verbatimSymlinks: true })
  return copy
}
