import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openProject, placesOf, toRemember } from './esa-config.ts'
import { PROJECT_ROOT } from './project-root.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'esa-config-'))
  for (const name of ['home', 'project/below', 'elsewhere'])
    await mkdir(join(folder, name), { recursive: true })
})

afterEach(() => rm(folder, { recursive: true }))

/** Writes a config into a folder of the test, and gives its path. */
async function configIn(name: string, text = 'export default {}'): Promise<string> {
  const file = join(folder, name, 'esa.config.js')
  await writeFile(join(folder, name, 'package.json'), '{"type": "module"}')
  await writeFile(file, text)
  return file
}

const open = (at: string, given: string | null = null) =>
  openProject({ given, home: join(folder, 'home'), folder: join(folder, at) })

describe('the file that composes a runtime', () => {
  it('is the one of the flag, else what the home remembers, else found upward, else the checkout’s own', async () => {
    expect((await open('elsewhere')).file).toBe(join(PROJECT_ROOT, 'esa.config.ts'))
    const upward = await configIn('project')
    expect((await open('project/below')).file).toBe(upward)
    const kept = toRemember(await open('elsewhere', await configIn('home')))!
    await writeFile(join(folder, 'home', kept.name), kept.text)
    expect((await open('project/below')).file).toBe(join(folder, 'home', 'esa.config.js'))
    expect((await open('project/below', upward)).file).toBe(upward)
  })

  it('is not taken from a home whose memory others may write', async () => {
    const kept = toRemember(await open('elsewhere', await configIn('home')))!
    await writeFile(join(folder, 'home', kept.name), kept.text)
    await chmod(join(folder, 'home', kept.name), 0o666)
    await expect(open('elsewhere')).rejects.toMatchObject({ code: 'config.writable' })
  })

  it('is not remembered where it is the checkout’s own, which may move', async () => {
    expect(toRemember(await open('elsewhere'))).toBeNull()
  })

  it.each([
    ['file', 'project/esa.config.js', 0o666],
    ['folder', 'project', 0o777],
  ])(
    'is refused where it was found upward and others may write its %s, and taken by its name',
    async (_, what, mode) => {
      const file = await configIn('project')
      await chmod(join(folder, what), mode)
      await expect(open('project/below')).rejects.toMatchObject({ code: 'config.writable' })
      expect((await open('project/below', file)).file).toBe(file)
    },
  )

  it('names its cards from where it lies', async () => {
    await configIn('project', `export default { organization: 'agents' }`)
    expect((await open('project/below')).organization).toBe(join(folder, 'project', 'agents'))
  })

  it('loads its plugins from where it lies', async () => {
    await configIn('project', `export default { plugins: ['garden'] }`)
    await expect(open('project')).rejects.toMatchObject({ code: 'config.plugin-missing' })
    const garden = join(folder, 'project/node_modules/garden')
    await mkdir(garden, { recursive: true })
    await writeFile(join(garden, 'package.json'), '{"type": "module", "exports": "./index.js"}')
    await writeFile(join(garden, 'index.js'), `export const plugin = { name: 'garden' }`)
    expect((await open('project')).plugins).toEqual([{ name: 'garden' }])
  })

  it.each([
    ['an unknown key', `export default { plugin: [] }`],
    ['no default export', `export const plugins = []`],
    ['plugins that are not names', `export default { plugins: [1] }`],
    ['an error', `throw new Error('no')`],
  ])('is refused with %s', async (_, text) => {
    await configIn('project', text)
    await expect(open('project')).rejects.toMatchObject({ code: 'config.unreadable' })
  })

  it('that is named and not there is an error, not another file', async () => {
    await expect(open('project', 'nowhere.ts')).rejects.toMatchObject({ code: 'config.missing' })
  })

  it('is found by the flag, else by the environment', () => {
    const environment = { ESA_CONFIG: 'a.ts', ESA_HOME: '/h' }
    expect(placesOf(['status', '--config=b.ts'], environment)).toMatchObject({ given: 'b.ts', home: '/h' })
    expect(placesOf(['--home', '/i', 'status'], environment)).toMatchObject({ given: 'a.ts', home: '/i' })
  })
})
