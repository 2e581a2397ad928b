import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'

/** Where a home keeps its server. Everything of the embedded PostgreSQL lies under `<home>/postgres`. */
export interface HomePaths {
  /** `<home>/postgres`, absolute. */
  directory: string
  /** PostgreSQL's data directory. It appears in one rename, so it is either absent or complete. */
  data: string
  /** The superuser's password, readable by the home's owner only. */
  passwordFile: string
  /** JSON `{port, dataDirectory}`: the port belongs to this directory, a copy of the home gets its own. */
  settingsFile: string
  logFile: string
  lockFile: string
}

/** The paths of a home, free of symlinks as far as the folder exists: a running server is recognized by its real path. */
export function homePaths(home: string): HomePaths {
  const directory = realPath(resolve(home, 'postgres'))
  return {
    directory,
    data: resolve(directory, 'data'),
    passwordFile: resolve(directory, 'password'),
    settingsFile: resolve(directory, 'server.json'),
    logFile: resolve(directory, 'server.log'),
    lockFile: resolve(directory, 'lock'),
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
