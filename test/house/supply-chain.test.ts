import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { auditFaults } from './audit.ts'

const LOCKFILE = fileURLToPath(new URL('../../pnpm-lock.yaml', import.meta.url))

interface Lockfile {
  packages: Record<string, { resolution: { integrity?: string; tarball?: string; type?: string } }>
}

/** Each package of a lockfile that is not fetched from the registry by its hash. */
function unpinned({ packages }: Lockfile): string[] {
  return Object.entries(packages)
    .filter(
      ([, { resolution }]) =>
        resolution.integrity?.startsWith('sha512-') !== true || Object.keys(resolution).length > 1,
    )
    .map(([name]) => name)
}

describe('the lockfile', () => {
  it('has a hash for every package, and none from git, a folder or a tarball', () => {
    // pnpm puts a document of its own before the one of the dependencies.
    const text = readFileSync(LOCKFILE, 'utf8').split(/^---$/m).at(-1)!
    const lockfile = parse(text) as Lockfile
    expect(Object.keys(lockfile.packages).length).toBeGreaterThan(400)
    expect(unpinned(lockfile)).toEqual([])
  })

  it.each([
    { tarball: 'https://example.org/a.tgz', integrity: 'sha512-x' },
    { type: 'git', repo: 'https://example.org/a.git', commit: 'abc' },
    { integrity: 'sha1-x' },
    {},
  ])('would be refused with %j', (resolution) => {
    expect(unpinned({ packages: { a: { resolution } } })).toEqual(['a'])
  })
})

describe('an audit', () => {
  const flaw = {
    module_name: 'hono',
    severity: 'high',
    title: 'a flaw',
    url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
    github_advisory_id: 'GHSA-aaaa-bbbb-cccc',
  }
  const exception = { advisory: flaw.github_advisory_id, until: '2026-12-31', because: 'not reached' }
  const report = { advisories: { 1: flaw } }

  it.each([
    ['without an exception', report, [], 'high  hono: a flaw'],
    ['after the exception has ended', { ...report, today: '2027-01-01' }, [exception], 'high  hono: a flaw'],
    ['with an exception for nothing', { advisories: {} }, [exception], 'delete the exception'],
  ])('fails %s', (_, given, exceptions, fault) => {
    const today = 'today' in given ? given.today : '2026-12-31'
    const faults = auditFaults(given, exceptions, today)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(fault)
  })

  it('passes on the last day of an exception, and without a flaw', () => {
    expect(auditFaults(report, [exception], '2026-12-31')).toEqual([])
    expect(auditFaults({ advisories: {} }, [], '2026-12-31')).toEqual([])
  })
})
