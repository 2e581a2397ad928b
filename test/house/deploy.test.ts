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
}

describe('docs/deploy/compose.yaml', () => {
  const { services, volumes } = parse(read('docs/deploy/compose.yaml'), { merge: true }) as {
    services: Record<string, Service>
    volumes: Record<string, null>
  }
  const ours = Object.values(services).filter(({ build }) => build !== undefined)

  it('names only what it has', () => {
    for (const service of Object.values(services)) {
      for (const name of Object.keys(service.depends_on ?? {})) expect(services).toHaveProperty(name)
      for (const volume of service.volumes ?? []) expect(volumes).toHaveProperty(volume.split(':')[0]!)
      expect([service.image, service.build].filter(Boolean)).toHaveLength(1)
    }
  })

  it('builds this checkout, and gives every process of it the same database and Redis', () => {
    expect(ours.map(({ command }) => command)).toEqual([['migrate'], ['worker'], ['up', '--no-migrate']])
    for (const { build, environment } of ours) {
      const context = join(ROOT, 'docs/deploy', build!.context)
      expect(existsSync(join(context, build!.dockerfile))).toBe(true)
      expect(existsSync(join(context, 'bin/esa'))).toBe(true)
      expect(environment).toMatchObject(ours[0]!.environment!)
    }
  })

  it('runs a Redis that evicts nothing', () => {
    const { command } = services['redis']!
    expect(command![command!.indexOf('--maxmemory-policy') + 1]).toBe('noeviction')
  })
})

const systemd = spawnSync('systemd-analyze', ['--version']).status === 0
if (!systemd) process.stderr.write('\n!! no systemd-analyze here: the unit is not verified\n\n')

describe('docs/deploy/esa.service', () => {
  it.runIf(systemd)('is a unit that systemd takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'esa-unit-'))
    try {
      const file = join(folder, 'esa.service')
      writeFileSync(file, read('docs/deploy/esa.service').replaceAll('/opt/esa/', ROOT))
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
      expect([status, stderr]).toEqual([0, ''])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('docs/deploy.md', () => {
  it('links to what is there', () => {
    const links = [...read('docs/deploy.md').matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!)
    expect(links.length).toBeGreaterThan(3)
    for (const link of links) expect(existsSync(join(ROOT, 'docs', link))).toBe(true)
  })
})
