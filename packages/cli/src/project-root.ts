import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds agents/ and packages/: where this checkout is. */
export const PROJECT_ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** The cards of this checkout, in folders of tier and agent. */
export const AGENTS_FOLDER = join(PROJECT_ROOT, 'agents')

/** What to do when an alert fires; an install without the documentation has none. */
export const RUNBOOK_FILE = join(PROJECT_ROOT, 'docs', 'runbook.md')

/** Whether this is a checkout, where files may be added; an npm package of the command line is replaced whole. */
export const IS_CHECKOUT = existsSync(join(PROJECT_ROOT, 'pnpm-workspace.yaml'))
