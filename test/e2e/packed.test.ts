import { execFile, spawn } from 'node:child_process'
import { mkdir, readdir, readFile, realpath, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, EsaHome, type Ran, says } from './run-esa.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)

let world: EsaHome
let bin: string
let folder: string

/** Packs, unpacks and installs as npm lays packages out, with what this checkout has installed in place of downloads. */
beforeAll(async () => {
  world = await EsaHome.create()
  await run(process.execPath, [join(ROOT, 'packages/cli/pack.ts'), world.folder], { cwd: ROOT })
  const tarball = (await readdir(world.folder)).find((name) => name.endsWith('.tgz'))
  const modules = join(world.folder, 'node_modules')
  await mkdir(join(modules, '@esa/cli'), { recursive: true })
  await run('tar', [
    '-xzf',
    join(world.folder, tarball!),
    '-C',
    join(modules, '@esa/cli'),
    '--strip-components=1',
  ])
  const manifest = JSON.parse(await readFile(join(modules, '@esa/cli/package.json'), 'utf8')) as {
    dependencies: Record<string, string>
    optionalDependencies: Record<string, string>
  }
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
    const installed = await installedAt(name)
    if (installed === undefined) continue
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(installed, join(modules, name))
  }
  bin = join(modules, '@esa/cli/bin/esa')
  folder = join(world.folder, 'coffee')
}, 60_000)

afterAll(async () => {
  await esa('down')
  await world.remove()
})

/** Where some room of this checkout has a package; undefined for another platform's Node. */
async function installedAt(name: string): Promise<string | undefined> {
  const rooms = [
    '',
    ...(await readdir(join(ROOT, 'packages'))).map((room) => `packages/${room}/`),
    ...(await readdir(join(ROOT, 'packages/database'))).map((room) => `packages/database/${room}/`),
    'agents/',
    'escalation/',
  ]
  const found = await Promise.all(
    rooms.map((room) => realpath(join(ROOT, room, 'node_modules', name)).catch(() => null)),
  )
  return found.find((path) => path !== null) ?? undefined
}

function start(args: string[], cwd = folder): ReturnType<typeof spawn> {
  const { PATH, HOME } = process.env
  return spawn(bin, args, { cwd, env: { PATH, HOME, ESA_PORT: '0' }, stdio: ['ignore', 'pipe', 'pipe'] })
}

function esa(...args: string[]): Promise<Ran> {
  return ended(start(args))
}

describe('the packed command line, outside of its checkout', () => {
  it('makes a folder with a first agent, and runs there with its console', async () => {
    // There is no folder of cards here but the package's own, which the next install replaces.
    expect(await ended(start(['agents', 'new', '--name', 'Lost'], world.folder))).toMatchObject({
      code: 2,
      stdout: '',
    })
    const made = await ended(start(['init', folder], world.folder))
    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(await esa('agents', 'lint', 'agents')).toMatchObject({
      code: 0,
      stdout: 'read 1 cards: no problems\n',
    })
    const ladder = await esa('simulate', 'layer-62', '--category', 'performance', '--json')
    expect(JSON.parse(ladder.stdout)).toMatchObject({ end: { agent: 'layer-62' } })

    const up = start(['up'])
    const url = /http:\/\/[\d.:]+/.exec(await says(up, 'ready in '))?.[0]
    const page = await (await fetch(`${url}/`)).text()
    const script = /assets\/[\w-]+\.js/.exec(page)?.[0]
    expect((await fetch(`${url}/${script}`)).headers.get('content-type')).toContain('javascript')
    expect(await (await fetch(`${url}/api/v1/agents/layer-62`)).text()).toContain('First Agent')

    const { checks } = JSON.parse((await esa('doctor', '--json')).stdout) as { checks: { status: string }[] }
    expect(checks.filter(({ status }) => status === 'error')).toEqual([])
    up.kill('SIGTERM')
    expect((await esa('db', 'migrate', 'rules', '--json')).code).toBe(0)
  })
})
