import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureEmbeddedServer } from '@esa/pg-server'
import { openPostgresStore, type Store } from '@esa/store'
import { NEXT_MIGRATIONS } from '@esa/store/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '@esa/runtime/testing'
import { ended, EsaHome, type Problem, says } from './run-esa.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** What a checkout needs to run; its dependencies are this one's. */
const CHECKOUT = ['bin', 'packages', 'agents', 'escalation', 'package.json']

/** The peers' 30 minutes become 3 s, the chief's hour 6 s. */
const SCALE = ['--time-scale', '600']
const OPEN = 'incidents open --agent layer-1 --category integration --title pool'.split(' ')

/** A copy of this checkout that knows three migrations more. */
async function nextVersion(folder: string): Promise<string> {
  for (const part of CHECKOUT) {
    await cp(join(ROOT, part), join(folder, part), { recursive: true, verbatimSymlinks: true })
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const migrations = join(folder, 'packages/store/migrations')
  const file = join(migrations, 'meta/_journal.json')
  const journal = JSON.parse(await readFile(file, 'utf8')) as { entries: object[] }
  for (const [index, { when, statements }] of NEXT_MIGRATIONS.entries()) {
    const tag = `9${index}_next`
    await writeFile(join(migrations, `${tag}.sql`), statements.join('--> statement-breakpoint\n'))
    journal.entries.push({ idx: journal.entries.length, version: '7', when, tag, breakpoints: true })
  }
  await writeFile(file, JSON.stringify(journal))
  return join(folder, 'bin/esa')
}

describe('two versions of the runtime on one database', () => {
  let home: EsaHome
  let newer: string
  let store: Store
  const running = new Set<ChildProcess>()

  beforeAll(async () => {
    home = await EsaHome.create()
    newer = await nextVersion(join(home.folder, 'next'))
    await home.json('migrate')
    store = await openPostgresStore({ url: (await ensureEmbeddedServer(home)).url, max: 2 })
  })
  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL')
    await store.close()
    await home.remove()
  })

  function startNewer(...args: string[]): ChildProcess {
    const env = { PATH: process.env['PATH'] ?? '' }
    const child = spawn(newer, ['--home', home.home, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    running.add(child)
    return child
  }
  async function byNewer<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await ended(startNewer(...args, '--json'))
    if (code !== 0) throw new Error(`the newer esa ${args.join(' ')} ended with ${code}: ${stderr}`)
    return JSON.parse(stdout) as T
  }
  /** Opens by the version that may, and waits until a worker has climbed, in time. */
  async function climbs(open: () => Promise<{ id: string }>): Promise<void> {
    const { id } = await open()
    const climbed = await until('it climbs', async () =>
      (await store.readStream(id)).find(({ type }) => type === 'incident.escalated'),
    )
    expect(climbed.lateMs).toBeLessThanOrEqual(1_000)
  }
  const refusal = ({ code, stderr }: { code: number | null; stderr: string }) => [
    code,
    (JSON.parse(stderr) as Problem).code,
  ]

  it('work together while and after the newer migrates, and each alone', async () => {
    const old = home.start([...SCALE, 'worker'])
    await says(old, 'ready in ')
    for (const args of [['worker'], ['incidents', 'ls']])
      expect(refusal(await ended(startNewer(...args, '--json')))).toEqual([6, 'store.schema-older'])

    // Opened before, due after: the old worker has it through the migration.
    await climbs(async () => {
      const opened = await home.json<{ id: string }>(...SCALE, ...OPEN)
      expect(await byNewer('migrate')).toEqual({ before: 'older', after: 'current' })
      return opened
    })
    expect(old.exitCode).toBeNull()
    for (const args of [['worker'], ['incidents', 'ls']])
      expect(refusal(await home.run([...args, '--json']))).toEqual([6, 'store.schema-newer'])
    // What starts on the new schema meets the old worker alone, then both, then the new one alone.
    const open = (): Promise<{ id: string }> => byNewer<{ id: string }>(...SCALE, ...OPEN)
    await climbs(open)
    const young = startNewer(...SCALE, 'worker')
    await says(young, 'ready in ')
    await Promise.all([climbs(open), climbs(open), climbs(open)])
    old.kill('SIGTERM')
    expect((await once(old, 'exit'))[0]).toBe(0)
    await climbs(open)
    young.kill('SIGTERM')
    await once(young, 'exit')

    const verdict = await byNewer<{ checked: number; identical: number }>('replay', 'verify', '--all')
    expect(verdict).toMatchObject({ unchecked: 0, diverged: [], chain: { broken: [] } })
    expect(verdict.identical).toBe(verdict.checked)
    const { dead, activities } = await store.backlog()
    expect([dead, activities]).toEqual([0, 0])
  })
})
