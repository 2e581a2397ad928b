import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settings } from './src/config.ts'
import { program } from './src/program.ts'
import { PROJECT_ROOT } from './src/project-root.ts'
import { checkout } from './testing/checkout.ts'
import { referencePages } from './src/reference.ts'

for (const { file, text } of referencePages(program(0, true, checkout), settings()))
  writeFileSync(join(PROJECT_ROOT, 'docs/reference', file), text)
