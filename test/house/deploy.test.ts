import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

interface Service {
  image?: string
  build?: { context: string; dockerfile: string }
  command?: string[]
  depends_on?: Record<string, { condition: string }>
  volumes?: string[]
  environment?: Record<string, string>
  networks?: string[]
  cap_drop?: string[]
  security_opt?: string[]
  ports?: string[]
}

/** An exact version, or a digest: `18` is another server next month. */
const EXACT = /^(?:[\w./-]+:\d+\.\d+(?:\.\d+)?(?:-[\w.-]+)?|[\w./-]+(?::[\w.-]+)?@sha256:[0-9a-f]{64})$/

describe('docs/deploy/compose.yaml', () => {
  const { services, networks, volumes } = parse(read('docs/deploy/compose.yaml'), { merge: true }) as {
    services: Record<string, Service>
    networks: Record<string, { internal?: boolean } | null>
    volumes: Record<string, null>
  }
  const ours = Object.values(services).filter(({ build }) => build !== undefined)

  it('names only what it has', () => {
    for (const service of Object.values(services)) {
      for (const name of Object.keys(service.depends_on ?? {})) expect(services).toHaveProperty(name)
      for (const volume of service.volumes ?? []) {
        const [source = ''] = volume.split(':')
        const isThere = source in volumes || existsSync(join(ROOT, 'docs/deploy', source))
        expect([source, isThere]).toEqual([source, true])
      }
      for (const network of service.networks ?? []) expect(networks).toHaveProperty(network)
      expect([service.image, service.build].filter(Boolean)).toHaveLength(1)
    }
  })

  it('builds this checkout, and gives every process of it the same database and Redis', () => {
    expect(ours.map(({ command }) => command)).toEqual([['migrate'], ['worker'], ['up', '--no-migrate']])
    for (const { build, environment } of ours) {
      const context = join(ROOT, 'docs/deploy', build!.context)
      expect(existsSync(join(context, build!.dockerfile))).toBe(true)
      expect(existsSync(join(context, 'bin/esa'))).toBe(true)
      expect(environment).toMatchObject(services['worker']!.environment!)
    }
  })

  it('gives the owner of the log to the migration alone', () => {
    const owned = Object.keys(services).filter(
      (name) => 'ESA_OWNER_URL' in (services[name]!.environment ?? {}),
    )
    expect(owned).toEqual(['migrate'])
    for (const { environment } of ours) expect(environment!['DATABASE_URL']).toContain('//esa_runtime:')
  })

  it('keeps the sandbox from every network but that of its clients, and from every volume', () => {
    expect(networks['sandbox']).toEqual({ internal: true })
    expect(services['sandbox']).toMatchObject({ networks: ['sandbox'], cap_drop: ['ALL'], read_only: true })
    expect(services['sandbox']).not.toHaveProperty('volumes')
    for (const { environment } of ours) expect(environment!['ESA_REHEARSAL_URL']).toContain('@sandbox:5432/')
  })

  it('takes rights from every process, and opens one port, on this machine', () => {
    for (const [name, { cap_drop: dropped, security_opt: options }] of Object.entries(services)) {
      expect([name, options]).toEqual([name, ['no-new-privileges:true']])
      // The image of PostgreSQL gives its data folder away as root before it becomes another user.
      expect([name, dropped]).toEqual([name, name === 'postgres' ? undefined : ['ALL']])
    }
    expect(Object.values(services).flatMap(({ ports = [] }) => ports)).toEqual(['127.0.0.1:4310:4310'])
  })

  it('names each image exactly', () => {
    const froms = [...read('docs/deploy/Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!)
    const images = Object.values(services).flatMap(({ image }) => image ?? [])
    for (const image of [...images, ...froms]) expect(image).toMatch(EXACT)
    for (const image of ['postgres:18', 'node:24-slim', 'redis:latest']) expect(image).not.toMatch(EXACT)
  })

  it('runs a Redis that evicts nothing', () => {
    const { command } = services['redis']!
    expect(command![command!.indexOf('--maxmemory-policy') + 1]).toBe('noeviction')
  })
})

const systemd = spawnSync('systemd-analyze', ['--version']).status === 0
if (!systemd) process.stderr.write('\n!! no systemd-analyze here: the unit is not verified\n\n')

/** The most that `systemd-analyze security` may say of a unit, in tenths: below 2.5 it is well confined. */
const EXPOSURE_MAX = 25

describe.each(['esa', 'esa-sandbox'])('docs/deploy/%s.service', (unit) => {
  const path = join(ROOT, `docs/deploy/${unit}.service`)

  it.runIf(systemd)('is a unit that systemd takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'esa-unit-'))
    try {
      const file = join(folder, `${unit}.service`)
      writeFileSync(file, readFileSync(path, 'utf8').replaceAll('/opt/esa/', ROOT))
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
      expect([status, stderr]).toEqual([0, ''])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it.runIf(systemd)('is confined', () => {
    const limit = [`--threshold=${EXPOSURE_MAX}`, '--no-pager']
    const { status, stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', ...limit, path], {
      encoding: 'utf8',
    })
    expect([status, stdout.split('\n').findLast((line) => line.includes('Overall'))]).toEqual([
      0,
      expect.stringMatching(/exposure level/),
    ])
  })
})

describe('docs/deploy.md', () => {
  it('links to what is there', () => {
    const links = [...read('docs/deploy.md').matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!)
    expect(links.length).toBeGreaterThan(3)
    for (const link of links) expect(existsSync(join(ROOT, 'docs', link))).toBe(true)
  })
})
