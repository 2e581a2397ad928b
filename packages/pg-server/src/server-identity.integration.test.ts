import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { postgresBinaries } from './postgres-binaries.ts'
import { serverIdentity } from './server-identity.ts'

const run = promisify(execFile)

let closed: string

beforeEach(async () => {
  // 0700 and root's own: what npx makes of an install when root calls it.
  closed = await mkdtemp(join(tmpdir(), 'esa-closed-'))
})

afterEach(() => rm(closed, { recursive: true }))

it.runIf(process.getuid?.() === 0)(
  'lets PostgreSQL find its own programs in an install that only root may pass',
  async () => {
    const { initdb, postgres } = await postgresBinaries()
    await mkdir(join(closed, 'data'))
    const identity = await serverIdentity(join(closed, 'data'), postgres)
    const program = join(closed, 'program')
    await copyFile(initdb, program)
    const asked = identity.command(process.execPath, [
      '-e',
      `fs.accessSync(${JSON.stringify(program)}, fs.constants.X_OK)`,
    ])
    await expect(run(asked.file, asked.args, { cwd: '/' })).resolves.toBeDefined()
    const who = identity.command(process.execPath, ['-p', 'process.getuid()'])
    expect((await run(who.file, who.args, { cwd: '/' })).stdout.trim()).not.toBe('0')
  },
)
