import { existsSync } from 'node:fs'
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
