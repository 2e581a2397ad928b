import { fileURLToPath } from 'node:url'

/** The folder that holds agents/ and packages/: where this checkout is. */
export const PROJECT_ROOT = fileURLToPath(new URL('../../../', import.meta.url))
