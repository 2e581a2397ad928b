import { constants, existsSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { note } from './output.ts'
import { PROJECT_ROOT } from './project-root.ts'

/** Where the pages are kept once they are built: beside what the install brought. */
const FOLDER = join(PROJECT_ROOT, 'node_modules/.cache/esa/console')

/** An npm package of the command line brings its pages built. */
const SHIPPED = join(PROJECT_ROOT, 'console')

/** The folder of the console's pages, or null when they cannot be built: the runtime does its work without them. */
export async function buildConsole(): Promise<string | null> {
  if (existsSync(SHIPPED)) return SHIPPED
  try {
    const { builtPages } = await import('@esa/console/build')
    return (await builtPages(FOLDER)).folder
  } catch (error) {
    note(`warning: the console cannot be built, only the API is served: ${String(error)}`)
    return null
  }
}

/** How the console's pages stand, without building any; `unbuildable` says why `esa up` would serve the API alone. */
export async function consoleState(): Promise<{
  state: 'shipped' | 'current' | 'older' | 'absent'
  unbuildable: string | null
}> {
  if (existsSync(SHIPPED)) return { state: 'shipped', unbuildable: null }
  try {
    const { pagesState } = await import('@esa/console/build')
    const state = await pagesState(FOLDER)
    if (state === 'current') return { state, unbuildable: null }
    const kept = join(PROJECT_ROOT, 'node_modules')
    return await access(kept, constants.W_OK).then(
      () => ({ state, unbuildable: null }),
      () => ({ state, unbuildable: `no right to write to ${kept}` }),
    )
  } catch (error) {
    return { state: 'absent', unbuildable: String(error) }
  }
}
