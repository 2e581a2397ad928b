import { openProject } from '../src/esa-config.ts'
import { PROJECT_ROOT } from '../src/project-root.ts'

/** What the esa.config.ts of this checkout composes; no home of the machine that tests it has a say. */
export const checkout = await openProject({ given: null, home: '/nonexistent', folder: PROJECT_ROOT })
