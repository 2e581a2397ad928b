import { hash } from 'node:crypto'
import { globSync, statSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = dirname(fileURLToPath(import.meta.url))

/** What a page is made of: the rooms whose sources end up in it. */
const SOURCES = ['index.html', 'src/**/*', 'build.ts', '../../escalation/src/**/*.ts', '../protocol/src/*.ts']

const MARK = '.built-from'

/**
 * The folder of the built pages. They are built when there are none, or when a source is newer than they are; two processes
 * that build at once make two, and the last one stays.
 */
export async function builtPages(folder: string): Promise<{ folder: string; built: boolean }> {
  const print = fingerprint()
  if ((await readFile(join(folder, MARK), 'utf8').catch(() => null)) === print)
    return { folder, built: false }
  const draft = `${folder}.${process.pid}`
  await bundle(draft)
  await writeFile(join(draft, MARK), print)
  await rm(folder, { recursive: true, force: true })
  await rename(draft, folder)
  return { folder, built: true }
}

/** Whether the pages in `folder` are built, and from the sources as they are now; nothing is built. */
export async function pagesState(folder: string): Promise<'current' | 'older' | 'absent'> {
  const mark = await readFile(join(folder, MARK), 'utf8').catch(() => null)
  if (mark === null) return 'absent'
  return mark === fingerprint() ? 'current' : 'older'
}

async function bundle(outDir: string): Promise<void> {
  const [{ build }, { default: react }, { default: tailwind }] = await Promise.all([
    import('vite'),
    import('@vitejs/plugin-react'),
    import('@tailwindcss/vite'),
  ])
  await build({
    root: HERE,
    configFile: false,
    logLevel: 'error',
    plugins: [react(), tailwind()],
    build: { outDir, emptyOutDir: true, reportCompressedSize: false },
  })
}

function fingerprint(): string {
  const files = globSync(SOURCES, { cwd: HERE }).toSorted()
  const marks = files.map((file) => {
    const { size, mtimeMs } = statSync(join(HERE, file))
    return `${file} ${size} ${mtimeMs}`
  })
  return hash('sha256', marks.join('\n'))
}
