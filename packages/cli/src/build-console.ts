import { constants, existsSync } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { note } from './output.ts'
import { PROJECT_ROOT } from './project-root.ts'

/** Where the pages are kept once they are built: beside what the install brought. */
const FOLDER = join(PROJECT_ROOT, 'node_modules/.cache/esa/console')

/** An npm package of the command line brings its pages built. */
const SHIPPED = join(PROJECT_ROOT, 'console')

/** The folder of the console's pages, or null when they cannot be built: the runtime does its work without them. */
export async function buildConsole(home: string): Promise<string | null> {
  if (existsSync(SHIPPED)) return SHIPPED
  try {
    const { builtPages, pagesState } = await import('@esa/console/build')
    const kept = (await pagesState(FOLDER)) === 'current' ? FOLDER : await writablePlace(home)
    return (await builtPages(kept)).folder
  } catch (error) {
    note(`warning: the console cannot be built, only the API is served: ${String(error)}`)
    return null
  }
}

/** How the console's pages stand, without building any; `unbuildable` says why `esa up` would serve the API alone. */
export async function consoleState(
  home: string,
): Promise<{ state: 'shipped' | 'current' | 'older' | 'absent'; unbuildable: string | null }> {
  if (existsSync(SHIPPED)) return { state: 'shipped', unbuildable: null }
  try {
    const { pagesState } = await import('@esa/console/build')
    const states = await Promise.all([FOLDER, ownPlace(home)].map(pagesState))
    const state = (['current', 'older'] as const).find((one) => states.includes(one)) ?? 'absent'
    return { state, unbuildable: null }
  } catch (error) {
    return { state: 'absent', unbuildable: String(error) }
  }
}

/** A service that may not write to its install builds in its own home. */
async function writablePlace(home: string): Promise<string> {
  const parent = dirname(FOLDER)
  const writable = await mkdir(parent, { recursive: true })
    .then(() => access(parent, constants.W_OK))
    .then(
      () => true,
      () => false,
    )
  return writable ? FOLDER : ownPlace(home)
}

function ownPlace(home: string): string {
  return join(home, 'console')
}
