import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds agents/ and packages/: where this checkout is. */
export const PROJECT_ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** The cards of this checkout, in folders of tier and agent. */
export const AGENTS_FOLDER = join(PROJECT_ROOT, 'agents')
