import { fstatSync, openSync, readFileSync, closeSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { EsaError } from '@esa/protocol'
import { SETTINGS } from './config.ts'

/** The settings of the folder that a command runs in, in the format of a systemd EnvironmentFile. */
export const SETTINGS_FILE = 'esa.env'

/**
 * Adds the settings of `folder` to an environment, which wins where it has a name already. No file, no settings. Only this
 * very folder is looked at, and only a file of this user's or root's is taken: a stranger's could send commands elsewhere.
 * @throws EsaError `config.settings` (terminal).
 */
export function addSettings(folder: string, environment: NodeJS.ProcessEnv): void {
  const text = readOwn(join(folder, SETTINGS_FILE))
  if (text === null) return
  const settings = parseEnv(text)
  const unknown = Object.keys(settings).filter((name) => name.startsWith('ESA_') && !SETTINGS.has(name))
  if (unknown.length > 0) {
    throw refused(`${SETTINGS_FILE} sets ${unknown.join(', ')}, which nothing reads`, {
      hint: `ESA's settings are ${[...SETTINGS].join(', ')}`,
    })
  }
  for (const [name, value] of Object.entries(settings)) environment[name] ??= value
}

function readOwn(file: string): string | null {
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw refused(`cannot read ${file}`, { cause, hint: 'check its rights' })
  }
  try {
    const { uid } = fstatSync(handle)
    if (uid === 0 || uid === process.getuid?.()) return readFileSync(handle, 'utf8')
    throw refused(`${file} belongs to another user`, {
      hint: 'chown it, or set the variables in the environment',
    })
  } finally {
    closeSync(handle)
  }
}

function refused(message: string, options: { hint: string; cause?: unknown }): EsaError {
  return new EsaError('config.settings', 'terminal', message, options)
}
