import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Plugin } from '@esa/operations/plugin'
import { EsaError, isEsaError } from '@esa/protocol'
import { PROJECT_ROOT } from './project-root.ts'

/** Names of the file that says what a runtime is composed of. */
const NAMES = ['esa.config.ts', 'esa.config.js']

/** In a home: the file that the runtime of this home was started with. */
const REMEMBERED = 'esa-config'

/** What others than the owner and the owner's group, or others than all three, may do. */
const GROUP_WRITES = 0o020
const OTHERS_WRITE = 0o002
const STICKY = 0o1000

/** What a runtime is composed of. */
export interface Project {
  /** The file that says so, or null where there is none. */
  file: string | null
  /** The folder of the cards, or null: the checkout's own. */
  organization: string | null
  plugins: readonly Plugin[]
}

/** A runtime without plugins. */
export const NO_PROJECT: Project = { file: null, organization: null, plugins: [] }

/** Where the file is looked for, in this order: `given`, what `home` remembers, `folder` and upward, the launcher's own checkout. */
export interface Places {
  given: string | null
  home: string
  folder: string
}

/** The places for a call: its plugins say what its words mean, so two of its flags are read before all others. */
export function placesOf(args: readonly string[], environment: NodeJS.ProcessEnv): Places {
  const { ESA_CONFIG = '', ESA_HOME = '' } = environment
  const given = flagIn(args, '--config') ?? (ESA_CONFIG === '' ? null : ESA_CONFIG)
  const home = flagIn(args, '--home') ?? (ESA_HOME === '' ? '.esa' : ESA_HOME)
  return { given, home: resolve(home), folder: process.cwd() }
}

function flagIn(args: readonly string[], flag: string): string | null {
  const at = args.findIndex((word) => word === flag || word.startsWith(`${flag}=`))
  if (at === -1) return null
  return args[at] === flag ? (args[at + 1] ?? null) : args[at]!.slice(flag.length + 1)
}

/** Reads what the runtime is composed of. @throws EsaError `config.*` (terminal). */
export async function openProject(places: Places): Promise<Project> {
  const file = configFile(places)
  if (file === null) return NO_PROJECT
  const { organization, plugins } = await readConfigFile(file)
  return {
    file,
    organization: organization === undefined ? null : resolve(dirname(file), organization),
    plugins: await Promise.all(plugins.map((name) => loadPlugin(file, name))),
  }
}

/** The file in force. @throws EsaError `config.missing`, `config.writable` (terminal). */
function configFile({ given, home, folder }: Places): string | null {
  if (given !== null) return existing(resolve(folder, given), 'given')
  const remembered = rememberedIn(home)
  if (remembered !== null) refuseIfOthersWrite(join(home, REMEMBERED))
  if (remembered !== null) return existing(remembered, `remembered in ${join(home, REMEMBERED)}`)
  const own = configIn(PROJECT_ROOT)
  const found = upward(folder)
  if (found === null || found === own) return own
  refuseIfOthersWrite(found)
  return found
}

/** What is to be kept in a home so that its later commands run with the same file; null for the checkout's own. */
export function toRemember({ file }: Project): { name: string; text: string } | null {
  return file === null || file === configIn(PROJECT_ROOT) ? null : { name: REMEMBERED, text: `${file}\n` }
}

function existing(file: string, how: string): string {
  if (existsSync(file)) return file
  throw new EsaError('config.missing', 'terminal', `there is no ${file}, which is ${how}`, {
    hint: 'name the file with --config',
  })
}

function rememberedIn(home: string): string | null {
  try {
    return readFileSync(join(home, REMEMBERED), 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function configIn(folder: string): string | null {
  return NAMES.map((name) => join(folder, name)).find((file) => existsSync(file)) ?? null
}

function upward(folder: string): string | null {
  const found = configIn(folder)
  const above = dirname(folder)
  return found ?? (above === folder ? null : upward(above))
}

/** The folder of a call, and the home in it, may be another user's: what is found there runs with all rights of the caller. */
function refuseIfOthersWrite(file: string): void {
  if (!mayOthersWrite(file) && !mayOthersWrite(dirname(file))) return
  throw new EsaError('config.writable', 'terminal', `${file} can be written by other users`, {
    hint: 'take that right from them (chmod go-w), or name the file with --config',
  })
}

/** True for a file or folder of another user (root apart), or one that another user may write. A sticky folder keeps what is in it. */
function mayOthersWrite(path: string): boolean {
  const { uid, gid, mode } = statSync(path)
  if (uid !== 0 && uid !== process.getuid?.()) return true
  if ((mode & STICKY) !== 0) return false
  return (mode & OTHERS_WRITE) !== 0 || ((mode & GROUP_WRITES) !== 0 && gid !== process.getegid?.())
}

interface ConfigFile {
  organization?: string | undefined
  plugins: string[]
}

async function readConfigFile(file: string): Promise<ConfigFile> {
  let given: unknown
  try {
    given = ((await import(pathToFileURL(file).href)) as { default?: unknown }).default
  } catch (cause) {
    throw invalid(file, `it cannot be loaded: ${String(cause)}`, cause)
  }
  if (given === null || typeof given !== 'object')
    throw invalid(file, 'it has no object as its default export')
  const { organization, plugins = [], ...unknown } = given as Record<string, unknown>
  const [odd] = Object.keys(unknown)
  if (odd !== undefined) throw invalid(file, `it has the unknown key ${odd}`)
  if (organization !== undefined && typeof organization !== 'string')
    throw invalid(file, '"organization" is not a path')
  if (!Array.isArray(plugins) || !plugins.every((name) => typeof name === 'string'))
    throw invalid(file, '"plugins" is not a list of package names')
  return { organization, plugins }
}

/** Imports a plugin, which is found from where the file lies. */
async function loadPlugin(file: string, name: string): Promise<Plugin> {
  let at: string
  try {
    at = createRequire(file).resolve(name)
  } catch (cause) {
    throw new EsaError(
      'config.plugin-missing',
      'terminal',
      `the plugin ${name} of ${file} is not installed`,
      {
        cause,
        hint: `install it beside that file, or take it out of "plugins"`,
      },
    )
  }
  try {
    const { plugin } = (await import(pathToFileURL(at).href)) as { plugin?: Plugin }
    if (typeof plugin?.name === 'string') return plugin
  } catch (cause) {
    throw isEsaError(cause)
      ? cause
      : invalid(file, `the plugin ${name} cannot be loaded: ${String(cause)}`, cause)
  }
  throw invalid(file, `${name} exports no "plugin"`)
}

function invalid(file: string, why: string, cause?: unknown): EsaError {
  return new EsaError('config.unreadable', 'terminal', `${file}: ${why}`, {
    cause,
    hint: 'see docs/plugins.md',
  })
}
