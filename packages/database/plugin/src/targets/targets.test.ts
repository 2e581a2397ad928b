import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isEsaError } from '@esa/protocol'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Config } from '../config.ts'
import { addTarget, describeTarget, openTarget, readTargets, removeTarget, resolveTarget } from './targets.ts'

const SECRET_URL = 'postgres://ada:hunter2@db.example/shop'
let folder: string
const config = (home = join(folder, 'home')) => ({ home }) as Config

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'esa-targets-'))
})

afterEach(() => rm(folder, { recursive: true }))

describe('targets', () => {
  it('are none in a new home', async () => expect(await readTargets(config())).toEqual({}))

  it('are kept by name in a file that its owner alone reads', async () => {
    await addTarget(config(), 'shop', { at: SECRET_URL, workload: '/srv/typical.sql' })
    await addTarget(config(), 'till', { at: 'env:TILL_URL' })
    expect(await readTargets(config())).toEqual({
      shop: { at: SECRET_URL, workload: '/srv/typical.sql' },
      till: { at: 'env:TILL_URL' },
    })
    expect((await stat(join(folder, 'home', 'targets.json'))).mode & 0o777).toBe(0o600)
  })

  it('lead where their name, a variable or a URL says', async () => {
    await addTarget(config(), 'shop', { at: SECRET_URL, workload: '/srv/typical.sql' })
    await addTarget(config(), 'till', { at: 'env:TILL_URL' })
    const limits = { workload: null, timeoutMs: null, connections: null, quiet: null }
    const free = { ...limits, allowOwner: false, guardLog: 'warn' }
    const environment = { TILL_URL: 'postgres://till/x' }
    const to = (target: string) => resolveTarget(config(), target, environment)
    expect(await to('shop')).toEqual({ ...free, url: SECRET_URL, workload: '/srv/typical.sql' })
    expect(await to('till')).toEqual({ ...free, url: 'postgres://till/x' })
    expect(await to('env:TILL_URL')).toEqual({ ...free, url: 'postgres://till/x' })
    expect(await to('postgresql://other/x')).toEqual({ ...free, url: 'postgresql://other/x' })
  })

  it('keep their limits', async () => {
    const limits = {
      timeoutMs: 5_000,
      connections: 2,
      quiet: '22:00-06:00',
      allowOwner: true,
      guardLog: 'never' as const,
    }
    await addTarget(config(), 'shop', { at: SECRET_URL, ...limits })
    expect(await resolveTarget(config(), 'shop', {})).toEqual({ url: SECRET_URL, workload: null, ...limits })
    const wrong = (limit: object) => addTarget(config(), 'shop', { at: SECRET_URL, ...limit })
    await expect(wrong({ quiet: '22-6' })).rejects.toMatchObject({ code: 'usage.quiet' })
    await expect(wrong({ connections: 0 })).rejects.toMatchObject({ code: 'usage.connections' })
  })

  it('open for heavy work outside of their quiet hours only', async () => {
    const quiet = '00:00-23:59'
    await addTarget(config(), 'shop', { at: SECRET_URL, quiet })
    const open = (options: object) => openTarget(config(), 'shop', {}, options)
    vi.setSystemTime(new Date('2026-03-01T12:00:00'))
    await expect(open({ heavy: 'rows are copied' })).rejects.toMatchObject({ code: 'target.quiet' })
    await (await open({})).close()
    vi.setSystemTime(new Date('2026-03-01T23:59:30'))
    await (await open({ heavy: 'rows are copied' })).close()
    vi.useRealTimers()
  })

  it('can be forgotten', async () => {
    await addTarget(config(), 'shop', { at: SECRET_URL })
    await removeTarget(config(), 'shop')
    expect(await readTargets(config())).toEqual({})
    await expect(removeTarget(config(), 'shop')).rejects.toMatchObject({ code: 'target.unknown' })
  })

  it.each(['constructor', 'valueof', 'nobody'])('has none called %s by itself', async (name) => {
    await expect(resolveTarget(config(), name, {})).rejects.toMatchObject({ code: 'target.unknown' })
    await expect(removeTarget(config(), name)).rejects.toMatchObject({ code: 'target.unknown' })
  })

  it('say which variable is missing', async () => {
    await expect(resolveTarget(config(), 'env:GONE', {})).rejects.toMatchObject({
      code: 'target.unknown',
      message: expect.stringContaining('GONE') as string,
    })
  })

  it('refuse a damaged file instead of overwriting it', async () => {
    await mkdir(join(folder, 'home'))
    await writeFile(join(folder, 'home', 'targets.json'), '{"shop": ')
    await expect(addTarget(config(), 'till', { at: 'env:TILL' })).rejects.toMatchObject({
      code: 'config.targets',
    })
    expect(await readFile(join(folder, 'home', 'targets.json'), 'utf8')).toBe('{"shop": ')
  })

  it('are shown without a password', () => {
    expect(describeTarget(SECRET_URL)).toBe('ada@db.example/shop')
    expect(describeTarget('env:SHOP_URL')).toBe('env:SHOP_URL')
  })

  it.each([
    ['a name that is a URL', () => addTarget(config(), SECRET_URL, { at: 'env:A' }), 'usage.target-name'],
    [
      'another database',
      () => addTarget(config(), 'shop', { at: 'mysql://ada:hunter2@db/x' }),
      'usage.target-url',
    ],
    [
      'an unreadable URL',
      () => addTarget(config(), 'shop', { at: 'postgres://ada:hunter2@[/x' }),
      'usage.target-url',
    ],
    [
      'a variable that is none',
      () => addTarget(config(), 'shop', { at: 'env:hunter2 x' }),
      'usage.target-url',
    ],
    ['another URL', () => resolveTarget(config(), 'mysql://ada:hunter2@db/x', {}), 'usage.target-url'],
  ])('refuse %s without repeating it', async (_, call, code) => {
    const error: unknown = await call().then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(isEsaError(error, code)).toBe(true)
    expect(JSON.stringify([(error as Error).message, error])).not.toContain('hunter2')
  })
})
