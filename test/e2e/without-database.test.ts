import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, EsaHome, says } from './run-esa.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The product that is left out. */
const PRODUCT = 'packages/database/'

/** Waits in minutes become parts of a second. */
const TIME_SCALE = '3600'

/** A copy installs, checks and tests itself on a busy machine, ms. */
const LONG_MS = 900_000

let copy: string

/** A program of the copy; its output is what a failure shows. */
async function inCopy(command: string, ...args: string[]): Promise<string> {
  const { PATH, HOME } = process.env
  const path = `${join(copy, 'node_modules/.bin')}:${dirname(process.execPath)}:${PATH}`
  const environment = { PATH: path, HOME, CI: '1' }
  const { stdout } = await run(command, args, { cwd: copy, env: environment, maxBuffer: 1e8 }).catch(
    (error: unknown) => {
      const { stdout: said = '', stderr = '' } = error as { stdout?: string; stderr?: string }
      throw new Error(`${command} ${args.join(' ')} failed: ${said.slice(-8_000)}${stderr.slice(-4_000)}`, {
        cause: error,
      })
    },
  )
  return stdout
}

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'esa-without-'))
  const { stdout } = await run('git', ['ls-files', '-z'], { cwd: ROOT, maxBuffer: 1e8 })
  const files = stdout.split('\0').filter((file) => file !== '' && !file.startsWith(PRODUCT))
  if (files.length < 500)
    throw new Error(`only ${files.length} files to copy: this is not the whole checkout`)
  for (const file of files) await cp(join(ROOT, file), join(copy, file))
  // What composes this checkout: all that says which plugins there are.
  await writeFile(join(copy, 'esa.config.ts'), `export default { organization: 'agents', plugins: [] }\n`)
  const manifest = JSON.parse(await readFile(join(copy, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>
  }
  delete manifest.devDependencies['@esa/database']
  await writeFile(join(copy, 'package.json'), JSON.stringify(manifest))
  await inCopy('npx', '-y', 'pnpm@12.21.0', 'install', '--no-frozen-lockfile', '--prefer-offline')
}, LONG_MS)

afterAll(() => rm(copy, { recursive: true, force: true }))

describe('a copy without packages/database', () => {
  it(
    'is sound to the compiler',
    async () => {
      await inCopy('tsc', '-p', 'tsconfig.json')
      await inCopy('tsc', '-p', 'tsconfig.pure.json')
    },
    LONG_MS,
  )

  it(
    'passes the pure tests of its packages',
    async () => {
      const said = await inCopy('vitest', 'run', '--project', 'unit', 'packages', 'escalation', 'agents')
      expect(said).toMatch(/[1-9]\d{2,} passed, 0 failed$/m)
    },
    LONG_MS,
  )

  it(
    'has incidents that climb by the clock, and says of the rest that it is not installed',
    async () => {
      const world = await EsaHome.create(copy)
      try {
        const up = world.start(['up'], { ESA_TIME_SCALE: TIME_SCALE })
        const end = ended(up)
        const url = /http:\/\/[\d.:]+/.exec(await says(up, 'http://'))![0]
        const open = [
          'incidents',
          'open',
          '--agent',
          'layer-6',
          '--category',
          'integration',
          '--title',
          'full',
        ]
        const { id, path } = await world.json<{ id: string; path: { level: string }[] }>(
          ...open,
          '--time-scale',
          TIME_SCALE,
        )
        const levels = async (): Promise<string[]> => {
          const { events } = await world.json<{ events: { level?: string }[] }>('replay', 'show', id)
          return [...new Set(events.flatMap(({ level }) => level ?? []))]
        }
        await expect.poll(levels, { timeout: 60_000 }).toEqual(path.map(({ level }) => level))
        expect(await world.json('replay', 'verify', id)).toMatchObject({ identical: 1, diverged: [] })

        expect(
          await world.json('agents', 'ask', 'layer-1', 'which indexes are unused?', '--target', 'shop'),
        ).toMatchObject({
          answer: { ok: false, why: expect.stringContaining('task.not-installed') as string },
        })
        const targets = await fetch(`${url}/api/v1/db/targets`)
        expect([targets.status, await targets.json()]).toMatchObject([404, { code: 'target.not-installed' }])
        expect(await world.run(['db', 'check', '--target', 'shop'])).toMatchObject({ code: 2 })
        up.kill('SIGTERM')
        expect(await end).toMatchObject({ code: 0 })
      } finally {
        await world.remove()
      }
    },
    LONG_MS,
  )
})
