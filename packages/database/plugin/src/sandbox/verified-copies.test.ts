import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findVerified, keepVerified } from './verified-copies.ts'

const HOUR_MS = 3_600_000
const NOW_MS = Date.parse('2026-01-02T03:04:05.000Z')
const VERIFIED = { state: 'verified', why: 'on a copy' } as const

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-verified-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const find = (url: string, hash: string, nowMs = NOW_MS) => findVerified({ home }, url, hash, nowMs)

it('a verdict is of one text on one target, for every reader, for a day', async () => {
  await keepVerified({ home }, 'postgres://ada:pw@db:5432/shop', 'h1', VERIFIED, NOW_MS)
  expect(await find('postgres://bob@db:5432/shop', 'h1')).toEqual({
    state: 'verified',
    why: 'on a copy (2026-01-02T03:04:05.000Z)',
  })
  expect(await find('postgres://ada@db:5432/shop', 'h2')).toBeUndefined()
  expect(await find('postgres://ada@db:5432/other', 'h1')).toBeUndefined()
  expect(await find('postgres://ada@db:5432/shop', 'h1', NOW_MS + 24 * HOUR_MS)).toBeDefined()
  expect(await find('postgres://ada@db:5432/shop', 'h1', NOW_MS + 25 * HOUR_MS)).toBeUndefined()
})

it('the last verdict counts, and a damaged file holds none', async () => {
  const url = 'postgres://ada@db/shop'
  await keepVerified({ home }, url, 'h1', VERIFIED, NOW_MS)
  await keepVerified({ home }, url, 'h1', { state: 'lost', why: 'a column' }, NOW_MS)
  expect(await find(url, 'h1')).toMatchObject({ state: 'lost' })
  await writeFile(join(home, 'verified.json'), 'no JSON')
  expect(await find(url, 'h1')).toBeUndefined()
})
