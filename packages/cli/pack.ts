import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { builtPages } from '@esa/console/build'
import { rolldown } from 'rolldown'
import { PROJECT_ROOT } from './src/project-root.ts'

/** What of a manifest is packed. */
interface Manifest {
  version: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

/** The esa.config.ts of this checkout. */
interface Composed {
  organization: string
  plugins: string[]
}

/** The console's libraries are in its built pages, and what builds those stays here. */
const LEFT_OUT = 'packages/console'

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(PROJECT_ROOT, folder, 'package.json'), 'utf8')) as Manifest

/**
 * One npm package of the command line, as `<into>/esa-cli-<version>.tgz`: our own packages and the plugins bundled in the same
 * places as here, theirs as dependencies with exact versions, beside them cards, migrations and the console's pages. npm cannot pack
 * `workspace:` dependencies itself.
 */
async function pack(into: string): Promise<string> {
  const stage = mkdtempSync(join(tmpdir(), 'esa-pack-'))
  const { default: composed } = (await import(join(PROJECT_ROOT, 'esa.config.ts'))) as { default: Composed }
  const plugins = composed.plugins.map((name): [string, string] => [
    basename(name),
    createRequire(PROJECT_ROOT).resolve(name),
  ])
  const bundle = await rolldown({
    input: { main: join(PROJECT_ROOT, 'packages/cli/src/main.ts'), ...Object.fromEntries(plugins) },
    platform: 'node',
    external: (id) => id === '@esa/console/build' || !/^(?:[./]|@esa\/)/.test(id),
  })
  await bundle.write({ dir: join(stage, 'packages/cli/src'), format: 'esm', hashCharacters: 'hex' })
  const packed = { ...composed, plugins: plugins.map(([name]) => `./packages/cli/src/${name}.js`) }
  writeFileSync(join(stage, 'esa.config.js'), `export default ${JSON.stringify(packed)}\n`)
  for (const file of globSync('agents/*/*/card.md', { cwd: PROJECT_ROOT })) copy(file, join(stage, file))
  copy('packages/store/migrations', join(stage, 'packages/cli/migrations'))
  for (const file of ['bin/esa', 'LICENSE', 'README.md', 'SECURITY.md', 'docs']) copy(file, join(stage, file))
  cpSync((await builtPages(join(stage, 'pages'))).folder, join(stage, 'console'), { recursive: true })
  rmSync(join(stage, 'pages'), { recursive: true })

  const rooms = globSync('{packages/*,packages/database/*,escalation,agents}/package.json', {
    cwd: PROJECT_ROOT,
  })
    .map(dirname)
    .filter((room) => room !== LEFT_OUT)
  const theirs = rooms.flatMap((room) => Object.entries(manifestOf(room).dependencies ?? {}))
  const root = manifestOf('.')
  const manifest = {
    name: '@esa/cli',
    version: root.version,
    description: 'The ESA runtime: agents, durable actors, incidents that climb a ladder by the clock',
    license: 'MIT',
    type: 'module',
    bin: { esa: 'bin/esa' },
    dependencies: Object.fromEntries(
      theirs.filter(([name]) => !name.startsWith('@esa/')).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
    optionalDependencies: root.optionalDependencies,
  }
  writeFileSync(join(stage, 'package.json'), JSON.stringify(manifest, null, 2))
  mkdirSync(into, { recursive: true })
  execFileSync('npm', ['pack', '--silent', '--pack-destination', resolve(into)], {
    cwd: stage,
    stdio: 'inherit',
  })
  rmSync(stage, { recursive: true })
  return join(resolve(into), `esa-cli-${root.version}.tgz`)
}

function copy(from: string, to: string): void {
  cpSync(join(PROJECT_ROOT, from), to, { recursive: true })
}

process.stdout.write(`${await pack(process.argv[2] ?? 'dist')}\n`)
