import { EsaError } from '@esa/protocol'
import { errorCode } from './error-code.ts'

/** Runs file work of a home, and turns the system's refusals into errors that name the way out. */
export async function inHome<T>(home: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw homeError(home, error)
  }
}

function homeError(home: string, error: unknown): unknown {
  if (error instanceof EsaError) return error
  const code = errorCode(error)
  const path = (error as { path?: string } | null)?.path ?? home
  const options = { cause: error, details: { home, path } }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new EsaError('database.home-forbidden', 'terminal', `No right to use ${path}.`, {
      ...options,
      hint: 'Run as the user who owns the home, or choose another with --home DIR.',
    })
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return new EsaError(
      'database.home-not-a-folder',
      'terminal',
      `${path} is in the way: it is not a folder.`,
      {
        ...options,
        hint: 'Choose another home with --home DIR.',
      },
    )
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(home, options)
  if (code === 'ERR_SQLITE_ERROR')
    return new EsaError('database.home-forbidden', 'terminal', `The lock of ${home} cannot be used.`, {
      ...options,
      hint: 'Run as the user who owns the home, on a local disk with free space.',
    })
  return error
}

/** The error for a full disk, from the part that noticed it. */
export function diskFull(
  home: string,
  options: { cause?: unknown; details: Record<string, unknown> },
): EsaError {
  return new EsaError('database.disk-full', 'terminal', `No disk space is left for ${home}.`, {
    ...options,
    hint: 'Free some space (a new home needs about 60 MB), or choose another disk with --home DIR.',
  })
}
