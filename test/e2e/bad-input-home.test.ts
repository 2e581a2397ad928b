import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Incident } from '@esa/escalation'
import { until } from '@esa/runtime/testing'
import { ended, EsaHome, type Problem, type Ran, says } from './run-esa.ts'

const ESA = fileURLToPath(new URL('../../bin/esa', import.meta.url))
const OPEN = 'incidents open --agent layer-1 --category integration --title pool'.split(' ')

/** Any user without rights; it has this number everywhere. */
const NOBODY = 65_534

const isRoot = process.getuid?.() === 0
if (!isRoot) process.stderr.write('\n!! not root: tests of a full disk and of missing rights are SKIPPED\n\n')

let esa: EsaHome
const path = (name: string): string => join(esa.folder, name)

beforeAll(async () => {
  esa = await EsaHome.create()
})
afterAll(() => esa.remove())

/** The problem is on the last line; progress may come before it. */
const problemIn = (stderr: string): Problem =>
  JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '') as Problem

/** Runs commands on another home than the usual one. */
async function at(home: string, ...args: string[]) {
  const ran = await esa.run(['--home', home, ...args, '--json'])
  return { ...ran, problem: ran.code === 0 ? null : problemIn(ran.stderr) }
}

/** Runs a command as a user who owns nothing here. */
async function asNobody(...args: string[]): Promise<Ran> {
  const env = { PATH: process.env['PATH'] ?? '' }
  return ended(spawn(ESA, args, { uid: NOBODY, gid: NOBODY, env, stdio: ['ignore', 'pipe', 'pipe'] }))
}

describe('a home', () => {
  it('that is a file, or lies in one, is refused', async () => {
    await writeFile(path('file'), 'mine')
    for (const home of [path('file'), path('file/home')]) {
      for (const command of ['migrate', 'status', 'up'])
        expect(await at(home, command)).toMatchObject({
          code: 3,
          problem: { code: 'database.home-not-a-folder', hint: expect.stringContaining('--home') },
        })
    }
    expect(await readFile(path('file'), 'utf8')).toBe('mine')
  })

  it.runIf(isRoot)('that its user may not use is refused', async () => {
    await mkdir(path('locked'))
    await chmod(path('locked'), 0o755)
    const { code, stderr } = await asNobody('--home', path('locked/home'), 'migrate', '--json')
    expect([code, problemIn(stderr)]).toEqual([
      3,
      expect.objectContaining({ code: 'database.home-forbidden', hint: expect.stringContaining('--home') }),
    ])
  })

  it.runIf(isRoot)('is not even looked for when evidence may not be read', async () => {
    await writeFile(path('secret.json'), '{}', { mode: 0o600 })
    const refused = await asNobody(
      '--home',
      path('none'),
      ...OPEN,
      '--evidence',
      path('secret.json'),
      '--json',
    )
    expect([refused.code, problemIn(refused.stderr)]).toEqual([
      4,
      expect.objectContaining({ code: 'file.unreadable', hint: expect.stringContaining('rights') }),
    ])
    expect(existsSync(path('none'))).toBe(false)
  })

  it.runIf(isRoot)('without disk space is refused, and works once there is some', async () => {
    await mkdir(path('disk'))
    const size = (text: string) => ['-o', `remount,size=${text}`, path('disk')]
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', path('disk')]).status).toBe(0)
    try {
      await chmod(path('disk'), 0o755)
      const home = path('disk/home')
      const full = await at(home, 'migrate')
      expect(full).toMatchObject({
        code: 7,
        problem: { code: 'database.disk-full', hint: expect.stringContaining('60 MB') },
      })
      spawnSync('mount', size('400m'))
      expect((await at(home, 'migrate')).code).toBe(0)
      // The disk fills under a running server: what was answered is there, what was refused is not.
      await writeFile(path('much.json'), JSON.stringify({ seen: randomBytes(150_000).toString('base64') }))
      const open = () => at(home, ...OPEN, '--evidence', path('much.json'))
      expect((await open()).code).toBe(0)
      spawnSync('dd', ['if=/dev/zero', `of=${path('disk/fill')}`, 'bs=1M'])
      let opened = 1
      let refused = await open()
      for (; refused.code === 0 && opened < 20; refused = await open()) opened++
      expect(refused).toMatchObject({ code: 7, problem: { code: 'database.disk-full' } })
      await rm(path('disk/fill'))
      expect((await open()).code).toBe(0)
      const { incidents } = JSON.parse((await at(home, 'incidents', 'ls')).stdout) as {
        incidents: Incident[]
      }
      expect(incidents).toHaveLength(opened + 1)
      expect((await at(home, 'replay', 'verify', '--all')).code).toBe(0)
      await at(home, 'down')
    } finally {
      spawnSync('umount', [path('disk')])
    }
  })

  it('whose port is taken says so, and says how to go on', async () => {
    await esa.json('migrate')
    await esa.json('down')
    const settings = path('home/postgres/server.json')
    const { port } = JSON.parse(await readFile(settings, 'utf8')) as { port: number }
    const squatter = createServer()
    await new Promise<void>((resolve) => squatter.listen(port, '127.0.0.1', resolve))
    const { code, problem } = await esa.refused('status')
    expect([code, problem.code, problem.hint]).toEqual([
      7,
      'database.port-in-use',
      expect.stringContaining(settings),
    ])
    await new Promise((resolve) => squatter.close(resolve))
    expect((await esa.run(['status'])).code).toBe(0)
  })
})

describe('two runtimes on one home', () => {
  it('start at once on an empty home, share its database, and serve a deadline once', async () => {
    const home = path('shared')
    const start = () => esa.start(['--home', home, '--time-scale', '1800', 'up'])
    const both = [start(), start()]
    await Promise.all(both.map((up) => says(up, 'ready in ')))
    const status = JSON.parse((await at(home, 'status')).stdout) as { workers: object[] }
    expect(status.workers).toHaveLength(2)
    const { id } = JSON.parse((await at(home, '--time-scale', '1800', ...OPEN)).stdout) as Incident
    const escalated = async () => {
      const { events } = JSON.parse((await at(home, 'replay', 'show', id)).stdout) as {
        events: { type: string; level?: string }[]
      }
      return events.filter(({ type, level }) => type === 'incident.escalated' && level === 'chief').length
    }
    await until('it climbs', async () => (await escalated()) > 0)
    for (const up of both) up.kill('SIGTERM')
    expect(await Promise.all(both.map(async (up) => (await ended(up)).code))).toEqual([0, 0])
    expect(await escalated()).toBe(1)
    await at(home, 'down')
  })
})
