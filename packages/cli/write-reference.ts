import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settings } from './src/config.ts'
import { openProject } from './src/esa-config.ts'
import { program } from './src/program.ts'
import { PROJECT_ROOT } from './src/project-root.ts'
import { referencePages } from './src/reference.ts'

const checkout = await openProject({ given: null, home: '/nonexistent', folder: PROJECT_ROOT })
for (const { file, text } of referencePages(program(0, true, checkout), settings()))
  writeFileSync(join(PROJECT_ROOT, 'docs/reference', file), text)
