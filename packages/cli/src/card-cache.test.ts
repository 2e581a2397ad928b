import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseCard } from '@esa/org/cards'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { CardCache } from './card-cache.ts'

const SOURCE = {
  file: 'a.md',
  text: '# Layer Agent #62: Test Bench\n\n**Reports to:** Chief #1 (Foundation)\n',
}
let folder: string
let file: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'esa-card-cache-'))
  file = join(folder, 'sub/cards.json')
})

afterEach(() => rm(folder, { recursive: true }))

/** A cache that holds something else than the card says, so that a hit differs from a parse. */
async function planted(): Promise<void> {
  const cache = await CardCache.open(file, 'p1')
  await cache.parse(SOURCE)
  await cache.save()
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll('Test Bench', 'From Cache'))
}

async function nameBy(parser: string, source = SOURCE): Promise<string | undefined> {
  const { agent } = await (await CardCache.open(file, parser)).parse(source)
  return agent?.name
}

it('gives what the parser gave, the second time from the file', async () => {
  const cache = await CardCache.open(file, 'p1')
  expect(await cache.parse(SOURCE)).toEqual(parseCard(SOURCE))
  await cache.save()
  expect(await (await CardCache.open(file, 'p1')).parse(SOURCE)).toEqual(parseCard(SOURCE))
  await planted()
  expect(await nameBy('p1')).toBe('From Cache')
})

it('parses again what was edited, named otherwise, or read by another parser', async () => {
  await planted()
  expect(await nameBy('p2')).toBe('Test Bench')
  expect(await nameBy('p1', { ...SOURCE, file: 'b.md' })).toBe('Test Bench')
  expect(await nameBy('p1', { ...SOURCE, text: SOURCE.text.replace('Bench', 'Floor') })).toBe('Test Floor')
})

it('counts a broken file as empty, and a place that cannot be written as none', async () => {
  await planted()
  await writeFile(file, '{"parser":"p1","cards":[[')
  expect(await nameBy('p1')).toBe('Test Bench')
  const nowhere = await CardCache.open(join(file, 'below-a-file.json'), 'p1')
  expect((await nowhere.parse(SOURCE)).agent?.id).toBe('layer-62')
  await nowhere.save()
})
