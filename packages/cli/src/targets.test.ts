import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isEsaError } from '@esa/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'
import { addTarget, describeTarget, readTargets, removeTarget, resolveTarget } from './targets.ts'

const SECRET_URL = 'postgres://ada:hunter2@db.example/shop'
let folder: string
const config = (home = join(folder, 'home')) => readConfig({ home }, {})

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'esa-targets-'))
})

afterEach(() => rm(folder, { recursive: true }))

describe('targets', () => {
  it('are none in a new home', async () => expect(await readTargets(config())).toEqual({}))

  it('are kept by name in a file that its owner alone reads', async () => {
    await addTarget(config(), 'shop', SECRET_URL, '/srv/typical.sql')
    await addTarget(config(), 'till', 'env:TILL_URL')
    expect(await readTargets(config())).toEqual({
      shop: { at: SECRET_URL, workload: '/srv/typical.sql' },
      till: { at: 'env:TILL_URL' },
    })
    expect((await stat(join(folder, 'home', 'targets.json'))).mode & 0o777).toBe(0o600)
  })

  it('lead where their name, a variable or a URL says', async () => {
    await addTarget(config(), 'shop', SECRET_URL, '/srv/typical.sql')
    await addTarget(config(), 'till', 'env:TILL_URL')
    const environment = { TILL_URL: 'postgres://till/x' }
    const to = (target: string) => resolveTarget(config(), target, environment)
    expect(await to('shop')).toEqual({ url: SECRET_URL, workload: '/srv/typical.sql' })
    expect(await to('till')).toEqual({ url: 'postgres://till/x', workload: null })
    expect(await to('env:TILL_URL')).toEqual({ url: 'postgres://till/x', workload: null })
    expect(await to('postgresql://other/x')).toEqual({ url: 'postgresql://other/x', workload: null })
  })

  it('can be forgotten', async () => {
    await addTarget(config(), 'shop', SECRET_URL)
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
    await expect(addTarget(config(), 'till', 'env:TILL')).rejects.toMatchObject({ code: 'config.targets' })
    expect(await readFile(join(folder, 'home', 'targets.json'), 'utf8')).toBe('{"shop": ')
  })

  it('are shown without a password', () => {
    expect(describeTarget(SECRET_URL)).toBe('ada@db.example/shop')
    expect(describeTarget('env:SHOP_URL')).toBe('env:SHOP_URL')
  })

  it.each([
    ['a name that is a URL', () => addTarget(config(), SECRET_URL, 'env:A'), 'usage.target-name'],
    ['another database', () => addTarget(config(), 'shop', 'mysql://ada:hunter2@db/x'), 'usage.target-url'],
    [
      'an unreadable URL',
      () => addTarget(config(), 'shop', 'postgres://ada:hunter2@[/x'),
      'usage.target-url',
    ],
    ['a variable that is none', () => addTarget(config(), 'shop', 'env:hunter2 x'), 'usage.target-url'],
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
