import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { earlierSizes, keepSizes } from './size-readings.ts'

const HOUR_MS = 3_600_000
let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-sizes-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const look = (atMs: number) => ({ atMs, bytes: { 'public.orders': atMs }, rows: { 'public.orders': 1 } })

it('keeps the first look of each target, one an hour after it, and 90 at most', async () => {
  expect(await earlierSizes({ home }, 'shop')).toBeUndefined()
  for (const minutes of [0, 20, 40, 60, 80]) await keepSizes({ home }, 'shop', look((minutes * HOUR_MS) / 60))
  await keepSizes({ home }, 'other', look(7))
  expect(await earlierSizes({ home }, 'shop')).toEqual(look(0))
  for (let hour = 2; hour < 100; hour++) await keepSizes({ home }, 'shop', look(hour * HOUR_MS))
  expect((await earlierSizes({ home }, 'shop'))!.atMs).toBe(10 * HOUR_MS)
})

it('never keeps a password, and takes a damaged file for none', async () => {
  await keepSizes({ home }, 'postgres://ada:hunter2@db.example/shop', look(1))
  expect(await earlierSizes({ home }, 'postgres://ada:other@db.example/shop')).toEqual(look(1))
  await writeFile(join(home, 'sizes.json'), '{')
  expect(await earlierSizes({ home }, 'shop')).toBeUndefined()
})
